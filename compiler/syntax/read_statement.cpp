#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::StatementKind;

const ast::Block* Reader::read_block() {
  size_t first = at_;
  expect(Parser::LBRACE);
  llvm::SmallVector<const ast::Statement*> statements;
  while (more(Parser::RBRACE)) statements.push_back(read_statement());
  return make(ast::Block{keep(statements), since(first)});
}

const ast::Statement* Reader::read_statement() {
  switch (type()) {
    case Parser::NAME: return read_call_statement();
    case Parser::PHASE: return read_phase();
    case Parser::HOLD: return read_hold();
    case Parser::FOR: return read_for();
    case Parser::IF: return read_if();
    case Parser::LET: return read_local_let();
    case Parser::ROLLBACK: return read_rollback();
  }
  fail();
  return nullptr;
}

const ast::Statement* Reader::read_call_statement() {
  size_t first = at_;
  const ast::Expr* callee = read_callee();
  ast::List<ast::Argument> arguments = read_arguments();
  Span where = since(first);
  auto* call = make(ast::CallExpr{node(ast::ExprKind::Call, where), callee, arguments});
  return make(ast::CallStatement{{StatementKind::Call, where}, call});
}

const ast::Statement* Reader::read_phase() {
  size_t first = take();
  const ast::Expr* label = is(Parser::STRING) ? read_string() : nullptr;
  ast::Name name = label ? name_of(list_[at_ - 1]) : expect_name();
  const ast::Block* body = read_block();
  return make(ast::PhaseStatement{{StatementKind::Phase, since(first)}, name, label, body});
}

const ast::Statement* Reader::read_hold() {
  size_t first = take();
  const ast::Expr* duration = read_expr();
  llvm::SmallVector<const ast::Expr*> judges;
  if (accept(Parser::JUDGED)) {
    expect(Parser::BY);
    do judges.push_back(read_expr());
    while (accept(Parser::COMMA));
  }
  return make(ast::HoldStatement{{StatementKind::Hold, since(first)}, duration, keep(judges)});
}

const ast::Statement* Reader::read_for() {
  size_t first = take();
  ast::Name variable = expect_name();
  expect(Parser::IN);
  const ast::Expr* range = read_expr();
  const ast::Block* body = read_block();
  return make(ast::ForStatement{{StatementKind::For, since(first)}, variable, range, body});
}

const ast::Statement* Reader::read_if() {
  size_t first = take();
  const ast::Expr* condition = read_expr();
  const ast::Block* then_block = read_block();
  const ast::Block* else_block = nullptr;
  if (accept(Parser::ELSE)) {
    if (is(Parser::IF)) {
      llvm::SmallVector<const ast::Statement*, 1> chain = {read_if()};
      else_block = make(ast::Block{keep(chain), chain[0]->span});
    } else {
      else_block = read_block();
    }
  }
  return make(ast::IfStatement{{StatementKind::If, since(first)}, condition, then_block, else_block});
}

const ast::Statement* Reader::read_local_let() {
  size_t first = take();
  ast::Name name = expect_name();
  const ast::Type* type = accept(Parser::COLON) ? read_type() : nullptr;
  expect(Parser::ASSIGN);
  const ast::Expr* value = read_expr();
  return make(ast::LetStatement{{StatementKind::Let, since(first)}, name, type, value});
}

const ast::Statement* Reader::read_rollback() {
  size_t first = take();
  if (accept(Parser::WHEN)) {
    const ast::Expr* condition = read_expr();
    const ast::Expr* held = accept(Parser::HELD) ? read_expr() : nullptr;
    return make(ast::WatchStatement{{StatementKind::Watch, since(first)}, condition, held});
  }
  ast::RollbackStatement statement{{StatementKind::Rollback, {}}, nullptr, nullptr, nullptr};
  expect(Parser::LBRACE);
  while (more(Parser::RBRACE)) {
    if (accept(Parser::WITHIN)) {
      statement.within = read_expr();
    } else {
      expect(Parser::VERIFY);
      statement.verify = read_expr();
      statement.verify_within = accept(Parser::WITHIN) ? read_expr() : nullptr;
    }
  }
  statement.span = since(first);
  return make(statement);
}

}  // namespace rollout::syntax
