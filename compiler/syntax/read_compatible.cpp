// What the versions of a service live beside: `compatible with schema 12..13 of orders from 2.0`.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

ast::CompatibleItem Reader::read_compatible() {
  size_t first = take();
  expect(Parser::WITH);
  ast::CompatibleItem item{};
  if (is(Parser::NAME)) item.word = expect_name();
  bool open = accept(Parser::GREATER_EQUAL);
  item.least = read_bound();
  if (!open) item.most = accept(Parser::DOTDOT) ? read_bound() : item.least;
  // `of = …` is a setting, by the grammar.
  if (!next_is(Parser::ASSIGN) && accept(Parser::OF)) item.of = expect_name();
  if (!next_is(Parser::ASSIGN) && accept(Parser::FROM)) item.from = read_bound();
  item.span = since(first);
  return item;
}

ast::Name Reader::read_bound() {
  bool number = is(Parser::INT) || is(Parser::FLOAT);
  return name_of(number ? list_[take()] : expect(Parser::STRING));
}

}  // namespace rollout::syntax
