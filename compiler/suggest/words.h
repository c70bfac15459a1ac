// Private to compiler/suggest: the words of a text, wherever they stand: in code, texts and comments.
#pragma once

#include <string_view>

namespace rollout::suggest {

inline bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

template <typename Seen>
void for_each_word(std::string_view text, Seen seen) {
  for (size_t at = 0; at < text.size();) {
    size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    if (at > begin) seen(text.substr(begin, at - begin));
    else ++at;
  }
}

}  // namespace rollout::suggest
