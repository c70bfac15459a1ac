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
  mark_item();
  switch (type()) {
    case Parser::NAME: return read_call_statement();
    case Parser::PHASE: return read_phase();
    case Parser::PARALLEL: return read_parallel();
    case Parser::HOLD: return read_hold();
    case Parser::FOR: return read_for();
    case Parser::IF: return read_if();
    case Parser::LET: return read_local_let();
    case Parser::DURING: return read_during();
    case Parser::ROLLBACK: return read_rollback();
    case Parser::BEFORE:
    case Parser::AFTER: return read_hook();
    case Parser::ON: return next_is(Parser::ABORT) || next_is(Parser::ROLLBACK) ? read_hook() : read_on();
    case Parser::APPROVE: return read_approve();
    case Parser::COMMIT: return read_commit();
    case Parser::CHECKPOINT: return read_checkpoint();
    case Parser::BUDGET: return read_budget();
    case Parser::LOCK: return read_lock();
    case Parser::NOTIFY: return read_notify();
    case Parser::PREFLIGHT: return read_preflight();
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
  ast::List<ast::Name> after = accept(Parser::AFTER) ? read_names(Parser::COMMA) : ast::List<ast::Name>();
  mark_column(Column::Phase);
  const ast::Block* body = read_block();
  return make(ast::PhaseStatement{{StatementKind::Phase, since(first)}, name, label, after, body});
}

const ast::Statement* Reader::read_parallel() {
  size_t first = take();
  const ast::Block* body = read_block();
  return make(ast::ParallelStatement{{StatementKind::Parallel, since(first)}, body});
}

const ast::Statement* Reader::read_hold() {
  size_t first = take();
  const ast::Expr* duration = read_expr();
  llvm::SmallVector<const ast::Expr*> judges;
  if (is(Parser::JUDGED)) mark_soft();
  if (accept(Parser::JUDGED)) {
    expect(Parser::BY);
    judges.push_back(read_expr());
    while (accept(Parser::COMMA)) {
      mark_soft();
      judges.push_back(read_expr());
    }
  }
  return make(ast::HoldStatement{{StatementKind::Hold, since(first)}, duration, keep(judges)});
}

const ast::Statement* Reader::read_for() {
  size_t first = take();
  ast::Name variable = expect_name();
  expect(Parser::IN);
  ast::ForStatement loop{{StatementKind::For, {}}, variable, read_expr()};
  if (is(Parser::WHERE)) mark_soft();
  loop.where = accept(Parser::WHERE) ? read_expr() : nullptr;
  if (!is(Parser::LBRACE)) {
    do read_for_clause(loop);
    while (accept(Parser::COMMA));
  }
  loop.body = read_block();
  loop.span = since(first);
  return make(loop);
}

void Reader::read_for_clause(ast::ForStatement& loop) {
  const ast::Expr** clause = &loop.at_most;
  size_t first = at_;
  mark_soft();
  if (accept(Parser::AT)) {
    loop.at_most_words[0] = expect_name();
  } else {
    expect(Parser::IN);
    if (is(Parser::NAME)) return read_order(loop, first);
    clause = is(Parser::WAVES) ? &loop.waves : &loop.batches;
    if (!accept(Parser::WAVES)) {
      expect(Parser::BATCHES);
      expect(Parser::OF);
    }
  }
  if (*clause) return given_twice(first);
  *clause = read_expr();
  if (clause == &loop.at_most) {
    expect(Parser::AT);
    loop.at_most_words[1] = expect_name();
  } else if (accept(Parser::SOAK)) {
    loop.soak = read_expr();
  }
}

void Reader::read_order(ast::ForStatement& loop, size_t first) {
  if (!loop.order_words[0].text.empty()) return given_twice(first);
  for (ast::Name& word : loop.order_words) word = expect_name();
}

void Reader::given_twice(size_t first) {
  diagnostics_.report(since(first), diag::GivenTwice, std::string(tokens_.text(list_[at_ - 1])));
  said_why_ = true;
  fail();
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

const ast::Statement* Reader::read_during() {
  size_t first = take();
  size_t value_first = at_;
  ast::DuringStatement during{{StatementKind::During, {}}, read_expr(), {}};
  during.calendar = read_except(value_first, during.calendar);
  if (accept(Parser::LBRACE)) {
    mark_item();  // the only one of its block
    expect(Parser::AT);
    for (ast::Name& word : during.close_words) word = expect_name();
    expect(Parser::RBRACE);
  }
  during.span = since(first);
  return make(during);
}

const ast::Statement* Reader::read_rollback() {
  size_t first = take();
  if (accept(Parser::WHEN)) return read_watch(first);
  ast::RollbackStatement statement{{StatementKind::Rollback, {}}, nullptr, nullptr, nullptr, {}, {}, nullptr};
  llvm::SmallVector<const ast::Expr*> told;
  expect(Parser::LBRACE);
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::WITHIN)) {
      stands_once(statement.within);
      statement.within = read_expr();
    } else if (accept(Parser::NOTIFY)) {
      told.push_back(read_expr());
    } else if (is(Parser::NAME)) {
      stands_once(statement.kept);
      statement.kept_word = expect_name();
      statement.kept = read_expr();
    } else {
      expect(Parser::VERIFY);
      stands_once(statement.verify);
      statement.verify = read_expr();
      statement.verify_within = accept(Parser::WITHIN) ? read_expr() : nullptr;
    }
  }
  statement.told = keep(told);
  statement.span = since(first);
  return make(statement);
}

const ast::Statement* Reader::read_on() {
  size_t first = take();
  ast::Name word = expect_name();
  return is(Parser::RUN) ? read_newer(first, word) : read_on_failure(first, word);
}

const ast::Statement* Reader::read_on_failure(size_t first, const ast::Name& word) {
  ast::OnFailureStatement rule{{StatementKind::OnFailure, {}}, word, {}, nullptr, {}, {}, nullptr, nullptr};
  if (is(Parser::ROLLBACK)) {
    rule.then = name_of(list_[take()]);
  } else if (accept(Parser::LBRACE)) {
    mark_item();  // the only one of its block
    rule.retry = expect_name();
    rule.times = read_expr();
    expect(Parser::EVERY);
    rule.every = read_expr();
    expect(Parser::THEN);
    rule.then = expect_name();
    expect(Parser::RBRACE);
  } else {
    rule.then = expect_name();
    if (accept(Parser::AT)) {
      rule.at_most_words[0] = expect_name();
      rule.at_most = read_expr();
      rule.at_most_words[1] = expect_name();
    }
  }
  rule.span = since(first);
  return make(rule);
}

const ast::Statement* Reader::read_approve() {
  size_t first = take();
  expect(Parser::BY);
  ast::Question question = read_question();
  return make(ast::ApproveStatement{{StatementKind::Approve, since(first)}, question});
}

const ast::Statement* Reader::read_commit() {
  size_t first = take();
  if (!is(Parser::STRING)) fail();
  const ast::Expr* why = failed_ ? nullptr : read_string();
  return make(ast::CommitStatement{{StatementKind::Commit, since(first)}, why});
}

const ast::Statement* Reader::read_notify() {
  size_t first = take();
  const ast::Expr* team = read_expr();
  const ast::Expr* text = is(Parser::STRING) ? read_string() : nullptr;
  return make(ast::NotifyStatement{{StatementKind::Notify, since(first)}, team, text});
}

const ast::Statement* Reader::read_preflight() {
  size_t first = take();
  expect(Parser::LBRACE);
  const ast::Expr* sample = nullptr;
  llvm::SmallVector<ast::PreflightCheck> checks;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::SAMPLE)) {
      stands_once(sample);
      expect(Parser::EVERY);
      sample = read_expr();
      continue;
    }
    expect(Parser::CHECK);
    if (!is(Parser::STRING)) fail();
    const ast::Expr* text = failed_ ? nullptr : read_string();
    mark_soft();
    checks.push_back({text, read_expr(), nullptr});
    if (accept(Parser::WITHIN)) checks.back().within = read_expr();
  }
  return make(ast::PreflightStatement{{StatementKind::Preflight, since(first)}, sample, keep(checks)});
}

}  // namespace rollout::syntax
