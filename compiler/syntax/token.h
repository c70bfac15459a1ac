// Private to compiler/syntax: what the lexer makes of a text. A token is its place; the text stays where it is.
#pragma once

#include <cstdint>
#include <vector>

namespace rollout::syntax {

/// One of Parser::NAME, Parser::COMMA …, or end_of_file.
using TokenType = uint32_t;

inline constexpr TokenType end_of_file = UINT32_MAX;

struct Token {
  TokenType type;
  uint32_t begin;           ///< byte offset
  uint32_t end;             ///< byte offset, past the last byte
  uint32_t line;            ///< from 1
  uint32_t line_begin;      ///< byte offset of the line's first character
  uint32_t comments;        ///< how many comments of the file stand before it
  bool first_on_line;       ///< but for blanks
};

struct TokenLists {
  std::vector<Token> visible;   ///< never empty: the last one is the end of the file
  std::vector<Token> comments;
};

}  // namespace rollout::syntax
