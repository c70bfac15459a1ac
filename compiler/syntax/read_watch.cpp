#include "compiler/syntax/read.h"

namespace rollout::syntax {

const ast::Statement* Reader::read_watch(size_t first) {
  ast::WatchStatement watch{{ast::StatementKind::Watch, {}}, read_expr(), nullptr, nullptr, nullptr, {}, nullptr};
  if (is(Parser::HELD)) mark_soft();
  if (accept(Parser::HELD)) {
    watch.held = read_expr();
  } else if (is(Parser::PROVEN) || is(Parser::OVER)) {
    mark_certainty();
    if (accept(Parser::PROVEN)) {
      watch.proven = read_expr();
    } else {
      expect(Parser::OVER);
      watch.samples = read_expr();
      watch.samples_noun = expect_name();
    }
    if (is(Parser::EVERY)) mark_soft();
    watch.every = accept(Parser::EVERY) ? read_expr() : nullptr;
  }
  watch.span = since(first);
  return make(watch);
}

}  // namespace rollout::syntax
