// What nobody is shown of a text: the name and the password that a URL holds before its host. Logs of CI and reports of
// mistakes are read by many.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rollout {

/// What stands in the place of a secret; its length says nothing.
inline constexpr std::string_view mask = "***";

struct Cut {
  size_t at = 0;     ///< bytes from the beginning of the text
  size_t bytes = 0;  ///< at least 1
};

/// `user:word` of each `https://user:word@host` in the text, in order; of a database a user alone is none.
std::vector<Cut> userinfos(std::string_view text);

/// The text with each of them as the mask.
std::string masked(std::string_view text);

}  // namespace rollout
