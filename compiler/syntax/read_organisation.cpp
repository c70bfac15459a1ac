// What an organisation declares: environments, promotions through them, and policies.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;
using ast::PolicyItemKind;

const ast::Decl* Reader::read_environment() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Rebinding> values;
  llvm::SmallVector<const ast::Statement*, 2> approvals;
  while (more(Parser::RBRACE)) {
    if (is(Parser::APPROVE)) {
      approvals.push_back(read_approve());
      continue;
    }
    size_t begin = at_;
    ast::Rebinding value{expect_name(), nullptr, {}};
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
  do stages.push_back({expect_name(), accept(Parser::SOAK) ? read_expr() : nullptr});
  while (accept(Parser::THEN));
  expect(Parser::RBRACE);
  return make(ast::PromotionDecl{
      {DeclKind::Promotion, since(first), name, doc_above(first)}, rollout, keep(stages)});
}

const ast::Decl* Reader::read_policy() {
  size_t first = take();
  ast::Name name = expect_name();
  ast::List<ast::Field> parameters;
  if (is(Parser::LPAREN)) parameters = read_parameters();
  ast::List<ast::PolicyItem> items = read_policy_items(true);
  return make(ast::PolicyDecl{{DeclKind::Policy, since(first), name, doc_above(first)}, parameters, items});
}

ast::List<ast::PolicyItem> Reader::read_policy_items(bool may_quantify) {
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::PolicyItem, 4> items;
  while (more(Parser::RBRACE)) {
    if (is(Parser::FOR) && !may_quantify) fail();
    items.push_back(read_policy_item());
  }
  return keep(items);
}

ast::PolicyItem Reader::read_policy_item() {
  size_t first = at_;
  ast::PolicyItem item{PolicyItemKind::Call, {}, {}, {}, {}, nullptr, nullptr, {}};
  if (accept(Parser::FOR)) {
    read_policy_every(item);
  } else if (accept(Parser::REQUIRE)) {
    item.kind = PolicyItemKind::Require;
    item.subject = read_expr();
    if (accept(Parser::WITHIN)) item.within = read_expr();
    else if (accept(Parser::BEFORE)) read_policy_before(item);
  } else if (accept(Parser::FORBID)) {
    item.kind = PolicyItemKind::Forbid;
    item.words[0] = expect_name();
    expect(Parser::DURING);
    size_t calendar = at_;
    item.subject = read_except(calendar, read_expr());
  } else {
    ast::Name name = expect_name();
    auto* callee = make(ast::NameExpr{node(ast::ExprKind::Name, name.span), name.text});
    ast::List<ast::Argument> arguments = read_arguments();
    item.subject = make(ast::CallExpr{node(ast::ExprKind::Call, since(first)), callee, arguments});
  }
  item.span = since(first);
  return item;
}

/// `every rollout r in production, staging { … }`; the cursor stands behind `for`.
void Reader::read_policy_every(ast::PolicyItem& item) {
  item.kind = PolicyItemKind::Every;
  expect(Parser::EVERY);
  expect(Parser::ROLLOUT);
  item.variable = expect_name();
  if (accept(Parser::IN)) item.environments = read_names(Parser::COMMA);
  item.items = read_policy_items(false);
}

/// `promote on every path`; the cursor stands behind `before`.
void Reader::read_policy_before(ast::PolicyItem& item) {
  item.words[0] = expect_name();
  expect(Parser::ON);
  expect(Parser::EVERY);
  item.words[1] = expect_name();
}

}  // namespace rollout::syntax
