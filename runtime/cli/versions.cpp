// Versions of packages and of this program, and what a rollout.toml asks of them.
#include <array>
#include <charconv>

#include "runtime/cli/manifest.h"

namespace rollout::cli {

namespace {

using Version = std::array<uint32_t, 3>;

/// `1`, `1.2` or `1.2.3`; what is not given is 0.
std::optional<Version> version_of(std::string_view text) {
  Version version{};
  for (uint32_t& part : version) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(size_t(end - text.data()));
    if (text.empty()) return version;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<bool> allows_one(std::string_view wanted, const Version& version) {
  struct Form { std::string_view sign; bool below, same, above; };
  constexpr Form forms[] = {{">=", false, true, true}, {"<=", true, true, false}, {">", false, false, true},
                            {"<", true, false, false}, {"=", false, true, false}};
  for (const Form& form : forms) {
    if (!wanted.starts_with(form.sign)) continue;
    std::optional<Version> bound = version_of(trimmed(wanted.substr(form.sign.size())));
    if (!bound) return std::nullopt;
    return version < *bound ? form.below : version == *bound ? form.same : form.above;
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> allows(std::string_view wanted, std::string_view version) {
  std::optional<Version> found = version_of(version);
  if (!found) return std::nullopt;
  bool all = true;
  for (;;) {
    size_t comma = wanted.find(',');
    std::optional<bool> one = allows_one(trimmed(wanted.substr(0, comma)), *found);
    if (!one) return std::nullopt;
    all = all && *one;
    if (comma == std::string_view::npos) return all;
    wanted.remove_prefix(comma + 1);
  }
}

}  // namespace rollout::cli
