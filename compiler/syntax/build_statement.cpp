#include "compiler/syntax/build.h"

namespace rollout::syntax {

using ast::StatementKind;

const ast::Block* Builder::build_block(Parser::BlockContext* ctx) {
  std::vector<const ast::Statement*> statements;
  for (Parser::StatementContext* statement : ctx->statement()) statements.push_back(build_statement(statement));
  return make(ast::Block{keep(statements), span(ctx)});
}

const ast::Statement* Builder::build_statement(Parser::StatementContext* ctx) {
  Span where = span(ctx);
  if (auto* call = dynamic_cast<Parser::CallStatementContext*>(ctx)) {
    const ast::Expr* callee = build_callee(call->callee());
    auto* expr = make(ast::CallExpr{node(ast::ExprKind::Call, where), callee, build_arguments(call->arguments())});
    return make(ast::CallStatement{{StatementKind::Call, where}, expr});
  }
  if (auto* phase = dynamic_cast<Parser::PhaseStatementContext*>(ctx))
    return make(ast::PhaseStatement{
        {StatementKind::Phase, where}, name_or_string(phase->NAME(), phase->STRING()),
        phase->STRING() ? build_string(phase->STRING()->getSymbol()) : nullptr, build_block(phase->block())});
  if (auto* hold = dynamic_cast<Parser::HoldStatementContext*>(ctx)) {
    std::vector<const ast::Expr*> judges;
    for (size_t i = 1; i < hold->expr().size(); ++i) judges.push_back(build_expr(hold->expr(i)));
    return make(ast::HoldStatement{{StatementKind::Hold, where}, build_expr(hold->expr(0)), keep(judges)});
  }
  if (auto* loop = dynamic_cast<Parser::ForStatementContext*>(ctx))
    return make(ast::ForStatement{
        {StatementKind::For, where}, name(loop->NAME()), build_expr(loop->expr()), build_block(loop->block())});
  if (auto* branch = dynamic_cast<Parser::IfStatementContext*>(ctx))
    return build_if(ctx, branch->expr(), branch->block(), branch->ifElse());
  if (auto* let = dynamic_cast<Parser::LetStatementContext*>(ctx))
    return make(ast::LetStatement{
        {StatementKind::Let, where}, name(let->NAME()), build_type(let->type()), build_expr(let->expr())});
  if (auto* watch = dynamic_cast<Parser::WatchStatementContext*>(ctx))
    return make(ast::WatchStatement{
        {StatementKind::Watch, where}, build_expr(watch->expr(0)), build_optional(watch->expr(1))});
  auto* rollback = dynamic_cast<Parser::RollbackStatementContext*>(ctx);
  ROLLOUT_CHECK(rollback, "the grammar has no other statement");
  return build_rollback(rollback);
}

const ast::Statement* Builder::build_if(antlr4::ParserRuleContext* ctx, Parser::ExprContext* condition,
                                        const std::vector<Parser::BlockContext*>& blocks,
                                        Parser::IfElseContext* chain) {
  const ast::Block* else_block = blocks.size() > 1 ? build_block(blocks[1]) : nullptr;
  if (chain) {
    std::vector<const ast::Statement*> nested = {build_if(chain, chain->expr(), chain->block(), chain->ifElse())};
    else_block = make(ast::Block{keep(nested), span(chain)});
  }
  return make(ast::IfStatement{
      {StatementKind::If, span(ctx)}, build_expr(condition), build_block(blocks[0]), else_block});
}

const ast::Statement* Builder::build_rollback(Parser::RollbackStatementContext* ctx) {
  ast::RollbackStatement statement{{StatementKind::Rollback, span(ctx)}, nullptr, nullptr, nullptr};
  for (Parser::RollbackClauseContext* clause : ctx->rollbackClause()) {
    if (auto* within = dynamic_cast<Parser::RollbackWithinContext*>(clause))
      statement.within = build_expr(within->expr());
    if (auto* verify = dynamic_cast<Parser::RollbackVerifyContext*>(clause)) {
      statement.verify = build_expr(verify->expr(0));
      statement.verify_within = build_optional(verify->expr(1));
    }
  }
  return make(statement);
}

}  // namespace rollout::syntax
