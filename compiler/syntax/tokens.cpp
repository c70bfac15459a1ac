#include "compiler/syntax/tokens.h"

#include "compiler/syntax/lexer.h"

namespace rollout::syntax {

Tokens::Tokens(const SourceMap& sources, SourceId source)
    : source_(source), text_(sources.text(source)), lists_(lex(text_)) {}

uint32_t Tokens::indent(const Token& token) const {
  if (token.first_on_line) return token.begin - token.line_begin;
  size_t first = text_.find_first_not_of(" \t", token.line_begin);
  return uint32_t(first - token.line_begin);
}

}  // namespace rollout::syntax
