#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::HookWord;

const ast::Statement* Reader::read_hook() {
  TokenType begin = type();
  size_t first = take();
  HookWord when = begin == Parser::BEFORE ? HookWord::BeforePhase : HookWord::AfterPhase;
  if (begin == Parser::ON) {
    when = is(Parser::ABORT) ? HookWord::Abort : HookWord::Rollback;
    take();
    const ast::Block* body = read_block();
    return make(ast::HookStatement{{ast::StatementKind::Hook, since(first)}, when, {}, nullptr, body});
  }
  expect(Parser::PHASE);
  const ast::Expr* label = is(Parser::STRING) ? read_string() : nullptr;
  ast::Name phase;
  if (label) phase = name_of(list_[at_ - 1]);
  else if (is(Parser::NAME)) phase = expect_name();
  const ast::Block* body = read_block();
  return make(ast::HookStatement{{ast::StatementKind::Hook, since(first)}, when, phase, label, body});
}

}  // namespace rollout::syntax
