#include "runtime/effects/secrets.h"

#include <cstdlib>

#include <fmt/format.h>

namespace rollout::effects {

Result<std::string> read_secret(Files& files, const std::string& root, const std::string& place) {
  const std::string name = place.substr(place.find(':') + 1);
  if (!place.starts_with("file:")) {
    const char* value = getenv(name.c_str());
    return value ? std::string(value) : std::string();
  }
  const std::string path = name.starts_with('/') ? name : root + "/" + name;
  Result<std::optional<std::string>> text = files.read(path, max_secret_bytes);
  if (!text) return text.error();
  if (!*text) return settled_error(fmt::format("there is no file {} with the secret", path));
  std::string secret = std::move(**text);
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  return secret;
}

}  // namespace rollout::effects
