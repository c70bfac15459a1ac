// Private to compiler/syntax: a file that was read, as the formatter sees it: its tokens in order, what stands between
// two of them on one line, which brackets belong together, where an item begins, and the comments around each token.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/token_mark.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

struct Comment {
  std::string_view text;
  uint32_t line;
};

struct Piece : TokenMark {
  std::string_view text;
  TokenType type = 0;
  uint32_t line = 0;           ///< in the source
  uint32_t width = 0;          ///< code points
  uint32_t match = 0;          ///< of a bracket: the piece that is its partner
  uint32_t above_begin = 0;    ///< comments on lines of their own before this token: range of Pieces::comments
  uint32_t above_end = 0;
  const Comment* behind = nullptr;  ///< the comment behind it on its line
  uint8_t space = 0;   ///< before it, when it follows on the same line
  bool block = false;  ///< a brace around items
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

/// Of a text that the reader accepts, and has marked.
Pieces make_pieces(const Tokens& tokens, const TokenMarks& marks);

inline bool opens_group(const Piece& piece) {
  return piece.type == Parser::LPAREN || piece.type == Parser::LBRACKET ||
         (piece.type == Parser::LBRACE && !piece.block);
}
inline bool opens_block(const Piece& piece) { return piece.type == Parser::LBRACE && piece.block; }

}  // namespace rollout::syntax
