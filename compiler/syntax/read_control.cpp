// Statements and declarations about runs side by side, and how far a run goes back.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;
using ast::StatementKind;

const ast::Statement* Reader::read_checkpoint() {
  size_t first = take();
  if (!is(Parser::STRING)) fail();
  const ast::Expr* why = failed_ ? nullptr : read_string();
  return make(ast::CheckpointStatement{{StatementKind::Checkpoint, since(first)}, why});
}

const ast::Statement* Reader::read_budget() {
  size_t first = take();
  ast::Name word = expect_name();
  expect(Parser::LESS_EQUAL);
  const ast::Expr* bound = read_expr();
  return make(ast::BudgetStatement{{StatementKind::Budget, since(first)}, word, bound});
}

const ast::Statement* Reader::read_lock() {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Expr* within = accept(Parser::WITHIN) ? read_expr() : nullptr;
  const ast::Block* body = read_block();
  return make(ast::LockStatement{{StatementKind::Lock, since(first)}, name, within, body});
}

/// The cursor stands at `run`.
const ast::Statement* Reader::read_newer(size_t first, const ast::Name& word) {
  expect(Parser::RUN);
  ast::Name then = is(Parser::REJECT) ? name_of(list_[take()]) : expect_name();
  const ast::Expr* within = accept(Parser::WITHIN) ? read_expr() : nullptr;
  return make(ast::NewerStatement{{StatementKind::Newer, since(first)}, word, then, within});
}

const ast::Decl* Reader::read_lock_decl() {
  size_t first = take();
  ast::Name name = expect_name();
  return make(ast::LockDecl{{DeclKind::Lock, since(first), name, doc_above(first)}});
}

const ast::Decl* Reader::read_renamed() {
  size_t first = take();
  ast::Name was = expect_name();
  expect(Parser::ARROW);
  ast::Name now = expect_name();
  return make(ast::RenamedDecl{{DeclKind::Renamed, since(first), {}, doc_above(first)}, was, now});
}

}  // namespace rollout::syntax
