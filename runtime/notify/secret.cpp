#include "runtime/notify/secret.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::notify {

namespace {

constexpr std::string_view variable_prefix = "env:", file_prefix = "file:";

Result<std::string> raw_secret(std::string_view reference, const SecretSource& from) {
  if (reference.starts_with(variable_prefix)) {
    std::string name(reference.substr(variable_prefix.size()));
    if (std::optional<std::string> value = from.variable(name.c_str())) return std::move(*value);
    return OpError{fmt::format("the environment variable {} is not set", name)};
  }
  std::string path(reference.substr(std::min(reference.size(), file_prefix.size())));
  std::string full = path.starts_with('/') ? path : fmt::format("{}/{}", from.root, path);
  Result<std::optional<std::string>> text = from.files.read(full, max_secret_bytes);
  if (!text) return OpError{fmt::format("the file {} of a secret cannot be read: {}", path, text.error().message)};
  if (!*text) return OpError{fmt::format("the file {} of a secret is not there", path)};
  return std::move(**text);
}

}  // namespace

Result<std::string> read_secret(std::string_view reference, const SecretSource& from) {
  Result<std::string> value = raw_secret(reference, from);
  if (!value) return value;
  while (value->ends_with('\n') || value->ends_with('\r')) value->pop_back();
  // It becomes part of a header: nothing in it may begin another one.
  bool plain = std::all_of(value->begin(), value->end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (value->empty()) return OpError{fmt::format("the secret `{}` is empty", reference)};
  if (!plain || value->size() > max_secret_bytes)
    return OpError{fmt::format("the secret `{}` is not one line of at most {} bytes", reference, max_secret_bytes)};
  return value;
}

}  // namespace rollout::notify
