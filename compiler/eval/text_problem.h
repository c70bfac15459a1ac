// What is wrong with a text that must have a form (Image, Version, Url, Path), and where in it.
#pragma once

#include <cstddef>
#include <string>

namespace rollout::eval {

struct TextProblem {
  std::string what;   ///< `"Shop" has a capital letter; names of images are written small`
  size_t at = 0;      ///< bytes from the beginning of the text
  size_t length = 0;  ///< 0: all of it
};

}  // namespace rollout::eval
