// What can be the name of a user or a host: nothing that a program could take for an option, a path or two words. For
// `is_name` of the language, and for the backend that starts a client with it.
#pragma once

#include <algorithm>
#include <string_view>

namespace rollout::eval {

inline constexpr size_t max_name_bytes = 255;

/// ASCII letters, digits and `.` `-` `_` `:`, the first one a letter or a digit.
inline bool is_plain_name(std::string_view name) {
  auto alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto fits = [&](char c) { return alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':'; };
  return !name.empty() && name.size() <= max_name_bytes && alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), fits);
}

}  // namespace rollout::eval
