// Private to compiler/syntax: a parsed file as the formatter sees it: its tokens in order, what stands between two of
// them on one line, which brackets belong together, where an item begins, and the comments around each token.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// Columns that neighbouring lines share: the `=` of settings, the `proven` of conditions and the like.
enum class Column : uint8_t { None, Setting, Signal, Effect, Certainty, Limits, Phase };

struct Comment {
  std::string_view text;
  uint32_t line;
};

struct Piece {
  std::string_view text;
  TokenType type = 0;
  uint32_t line = 0;           ///< in the source
  uint32_t width = 0;          ///< code points
  uint32_t match = 0;          ///< of a bracket: the piece that is its partner
  uint32_t above_begin = 0;    ///< comments on lines of their own before this token: range of Pieces::comments
  uint32_t above_end = 0;
  const Comment* behind = nullptr;  ///< the comment behind it on its line
  Column column = Column::None;
  uint8_t space = 0;     ///< before it, when it follows on the same line
  bool item = false;     ///< begins a declaration, a statement, a clause, a setting
  bool block = false;    ///< a brace around items
  bool operand = false;  ///< a bracket that begins a value, where others follow one
  bool prefix = false;   ///< a sign, not an operator between two values
  bool angle = false;    ///< a bracket of a type
  bool soft = false;     ///< a line that is too long may be broken before it
};

struct Pieces {
  std::vector<Comment> comments;
  std::vector<Piece> list;  ///< the last one is the end of the file
  std::vector<uint32_t> start, end;        ///< columns of each piece, were all on one line
  std::vector<uint32_t> comments_before;   ///< comments above pieces [0, i) and behind pieces [0, i)
  std::vector<uint32_t> behind_before;

  uint32_t width(uint32_t first, uint32_t last) const { return end[last] - start[first]; }
  /// Whether a comment stands between the pieces `first` and `last`.
  bool has_comment(uint32_t first, uint32_t last) const {
    return comments_before[last + 1] - comments_before[first + 1] + behind_before[last] - behind_before[first] > 0;
  }
};

/// Of a text that the reader accepts.
Pieces make_pieces(const Tokens& tokens);

inline bool opens_group(const Piece& piece) {
  return piece.type == Parser::LPAREN || piece.type == Parser::LBRACKET ||
         (piece.type == Parser::LBRACE && !piece.block);
}
inline bool opens_block(const Piece& piece) { return piece.type == Parser::LBRACE && piece.block; }

}  // namespace rollout::syntax
