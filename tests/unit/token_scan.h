// Where the tokens of a program stand, near enough for tests that delete or repeat them. Independent of the lexer.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace rollout {

struct TokenPlace {
  size_t begin;
  size_t end;
};

inline std::vector<TokenPlace> scan_tokens(std::string_view text) {
  constexpr std::string_view pairs[] = {"..", "->", "==", "!=", "<=", ">="};
  auto is_word = [](char c) { return std::isalnum(uint8_t(c)) || c == '_'; };
  std::vector<TokenPlace> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    if (std::isspace(uint8_t(text[i]))) {
      i = end;
      continue;
    }
    if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (text[i] == '"') {
      while (end < text.size() && text[end] != '"' && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else if (is_word(text[i])) {
      bool number = std::isdigit(uint8_t(text[i]));
      auto goes_on = [&] {
        if (end >= text.size()) return false;
        bool fraction = number && text[end] == '.' && end + 1 < text.size() && std::isdigit(uint8_t(text[end + 1]));
        return is_word(text[end]) || fraction || (number && text[end] == '%');
      };
      while (goes_on()) ++end;
      if (number && text.substr(end, 2) == "/s") end += 2;
    } else {
      for (std::string_view pair : pairs)
        if (text.substr(i, 2) == pair) end = i + 2;
    }
    tokens.push_back({i, end});
    i = end;
  }
  return tokens;
}

}  // namespace rollout
