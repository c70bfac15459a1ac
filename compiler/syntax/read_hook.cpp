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
  } else {
    expect(Parser::PHASE);
  }
  const ast::Block* body = read_block();
  return make(ast::HookStatement{{ast::StatementKind::Hook, since(first)}, when, body});
}

}  // namespace rollout::syntax
