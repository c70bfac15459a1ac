// Who is asked, by an approval or by a gate: `2 of sre { timeout 4h  escalate to managers after 1h }`.
#include <utility>

#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::ApproveClauseKind;

ast::Question Reader::read_question() {
  size_t first = at_;
  ast::Question question{nullptr, read_expr(), {}, {}};
  if (accept(Parser::OF)) question.quorum = std::exchange(question.team, read_expr());
  llvm::SmallVector<ast::ApproveClause, 2> clauses;
  if (accept(Parser::LBRACE))
    while (more(Parser::RBRACE)) clauses.push_back(read_approve_clause());
  question.clauses = keep(clauses);
  question.span = since(first);
  return question;
}

ast::ApproveClause Reader::read_approve_clause() {
  mark_item();
  if (accept(Parser::ESCALATE)) {
    ast::ApproveClause clause{ApproveClauseKind::Escalate, expect_name(), nullptr, {}, read_expr()};
    expect(Parser::AFTER);
    clause.time = read_expr();
    return clause;
  }
  bool on = accept(Parser::ON);
  ApproveClauseKind kind = on ? ApproveClauseKind::OnTimeout : ApproveClauseKind::Timeout;
  ast::ApproveClause clause{kind, expect_name(), nullptr, {}, nullptr};
  if (!on) clause.time = read_expr();
  else if (is(Parser::FAIL) || is(Parser::ROLLBACK)) clause.then = name_of(list_[take()]);
  else clause.then = expect_name();
  return clause;
}

}  // namespace rollout::syntax
