#include "compiler/syntax/format_pieces.h"

#include <algorithm>


namespace rollout::syntax {

namespace {

bool is_opening(TokenType type) { return type == Parser::LPAREN || type == Parser::LBRACKET || type == Parser::LBRACE; }
bool is_closing(TokenType type) { return type == Parser::RPAREN || type == Parser::RBRACKET || type == Parser::RBRACE; }

uint32_t code_points(std::string_view text) {
  return uint32_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

/// `200 USD` would be money where `200` and the name `USD` were written.
bool would_be_money(const Piece& before, const Piece& piece) {
  bool number = before.type == Parser::INT || before.type == Parser::FLOAT;
  if (!number || piece.text.size() < 3) return false;
  return std::all_of(piece.text.begin(), piece.text.begin() + 3, [](char c) { return c >= 'A' && c <= 'Z'; });
}

uint8_t space_between(const Piece& before, const Piece& piece, bool partners) {
  switch (piece.type) {
    case Parser::COMMA: case Parser::RPAREN: case Parser::RBRACKET: case Parser::DOT: case Parser::DOTDOT:
    case Parser::COLON: case Parser::QUESTION: return 0;
    default: break;
  }
  if (before.type == Parser::LPAREN || before.type == Parser::LBRACKET || before.type == Parser::DOT) return 0;
  if (before.type == Parser::DOTDOT || before.prefix || piece.angle) return 0;
  if (before.angle && before.type == Parser::LESS) return 0;
  if (piece.type == Parser::LPAREN || piece.type == Parser::LBRACKET) return piece.operand;
  if (piece.type == Parser::RBRACE) return piece.block && !partners;
  if (before.type == Parser::LBRACE) return before.block;
  bool listed = before.type == Parser::COMMA || piece.type == Parser::THEN;  // the cases of an enum, stages
  if ((piece.item && !listed) || would_be_money(before, piece)) return 2;
  return 1;
}

/// Lines and comments; a comma before a closing bracket is left out.
void add_comment(const Tokens& tokens, const Token& comment, Pieces& pieces, uint32_t& above) {
  std::string_view text = tokens.text(comment);
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  pieces.comments.push_back({text, comment.line});
  if (pieces.list.empty() || pieces.list.back().line != comment.line) return;
  pieces.list.back().behind = &pieces.comments.back();
  above = uint32_t(pieces.comments.size());
}

void add_tokens(const Tokens& tokens, const TokenMarks& marks, Pieces& pieces) {
  const std::vector<Token>& visible = tokens.visible();
  pieces.comments.reserve(tokens.comments().size());
  pieces.list.reserve(visible.size());
  uint32_t above = 0;
  for (size_t i = 0; i < visible.size(); ++i) {
    const Token& token = visible[i];
    while (pieces.comments.size() < token.comments)
      add_comment(tokens, tokens.comments()[pieces.comments.size()], pieces, above);
    bool last_comma = token.type == Parser::COMMA && is_closing(visible[i + 1].type);
    if (last_comma) continue;
    Piece piece{marks[i]};
    piece.text = tokens.text(token);
    piece.type = token.type;
    piece.line = token.line;
    piece.width = code_points(piece.text);
    piece.above_begin = above;
    piece.above_end = above = uint32_t(pieces.comments.size());
    pieces.list.push_back(piece);
  }
}

void match_brackets(Pieces& pieces) {
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < pieces.list.size(); ++i) {
    Piece& piece = pieces.list[i];
    // Only the names of an import stand in braces behind a dot.
    if (piece.type == Parser::LBRACE) piece.block = i > 0 && pieces.list[i - 1].type != Parser::DOT;
    if (is_opening(piece.type)) open.push_back(i);
    if (!is_closing(piece.type) || open.empty()) continue;
    piece.match = open.back();
    piece.block = pieces.list[open.back()].block;
    pieces.list[open.back()].match = i;
    open.pop_back();
  }
}

void measure(Pieces& pieces) {
  uint32_t column = 0, above = 0, behind = 0;
  for (std::vector<uint32_t>* sums : {&pieces.start, &pieces.end, &pieces.comments_before, &pieces.behind_before})
    sums->reserve(pieces.list.size() + 1);
  for (size_t i = 0; i < pieces.list.size(); ++i) {
    Piece& piece = pieces.list[i];
    if (i > 0) piece.space = space_between(pieces.list[i - 1], piece, piece.match + 1 == i);
    pieces.comments_before.push_back(above);
    pieces.behind_before.push_back(behind);
    pieces.start.push_back(column += piece.space);
    pieces.end.push_back(column += piece.width);
    above += piece.above_end - piece.above_begin;
    behind += piece.behind != nullptr;
  }
  pieces.comments_before.push_back(above);
  pieces.behind_before.push_back(behind);
}

}  // namespace

Pieces make_pieces(const Tokens& tokens, const TokenMarks& marks) {
  Pieces pieces;
  add_tokens(tokens, marks, pieces);
  match_brackets(pieces);
  measure(pieces);
  return pieces;
}

}  // namespace rollout::syntax
