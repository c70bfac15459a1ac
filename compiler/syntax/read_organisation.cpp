// What an organisation declares: environments, and promotions through them.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;

const ast::Decl* Reader::read_environment() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Rebinding> values;
  llvm::SmallVector<const ast::Statement*, 2> approvals;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (is(Parser::APPROVE)) {
      approvals.push_back(read_approve());
      continue;
    }
    size_t begin = at_;
    ast::Rebinding value{expect_name(), nullptr, {}};
    mark_column(Column::Setting);
    expect(Parser::ASSIGN);
    value.value = read_expr();
    value.span = since(begin);
    values.push_back(value);
  }
  return make(ast::EnvironmentDecl{
      {DeclKind::Environment, since(first), name, doc_above(first)}, keep(values), keep(approvals)});
}

const ast::Decl* Reader::read_promotion() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::ASSIGN);
  ast::Name rollout = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::PromotionStage> stages;
  mark_item();
  do {
    stages.push_back({expect_name(), accept(Parser::SOAK) ? read_expr() : nullptr});
    if (is(Parser::THEN)) mark_item();
  } while (accept(Parser::THEN));
  expect(Parser::RBRACE);
  return make(ast::PromotionDecl{
      {DeclKind::Promotion, since(first), name, doc_above(first)}, rollout, keep(stages)});
}

}  // namespace rollout::syntax
