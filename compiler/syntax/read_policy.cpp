// Policies: what an organisation asks of every rollout, and who is excepted from it.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;
using ast::PolicyItemKind;

const ast::Decl* Reader::read_policy() {
  size_t first = take();
  ast::Name name = expect_name();
  ast::List<ast::Field> parameters;
  if (is(Parser::LPAREN)) parameters = read_parameters(Names::Values);
  ast::List<ast::PolicyItem> items = read_policy_items();
  return make(ast::PolicyDecl{{DeclKind::Policy, since(first), name, doc_above(first)}, parameters, items});
}

ast::List<ast::PolicyItem> Reader::read_policy_items() {
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::PolicyItem, 2> items;
  while (more(Parser::RBRACE)) items.push_back(read_policy_item());
  return keep(items);
}

ast::PolicyItem Reader::read_policy_item() {
  size_t first = at_;
  mark_item();
  ast::PolicyItem item{};
  item.kind = PolicyItemKind::Call;
  if (accept(Parser::FOR)) {
    read_policy_every(item);
  } else if (accept(Parser::EXCEPT)) {
    item.kind = PolicyItemKind::Except;
    expect(Parser::ROLLOUT);
    item.rollout = expect_name();
    expect(Parser::LBRACE);
    llvm::SmallVector<ast::ExceptionClause, 4> clauses;
    while (more(Parser::RBRACE)) clauses.push_back(read_exception_clause());
    item.clauses = keep(clauses);
  } else if (accept(Parser::REQUIRE)) {
    read_policy_require(item);
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

/// `every phase p of r where p.share > 10% { … }`; the cursor stands behind `for`.
void Reader::read_policy_every(ast::PolicyItem& item) {
  item.kind = PolicyItemKind::Every;
  ast::PolicyEvery& every = item.every;
  every.word = is(Parser::EVERY) ? name_of(list_[take()]) : expect_name();
  bool reserved = is(Parser::ROLLOUT) || is(Parser::PHASE) || is(Parser::ACTION) || is(Parser::GATE);
  every.element = reserved ? name_of(list_[take()]) : expect_name();
  every.variable = expect_name();
  if (accept(Parser::IN)) every.environments = read_names(Parser::COMMA);
  if (accept(Parser::OF)) every.of = expect_name();
  if (is(Parser::WHERE)) mark_soft();
  if (accept(Parser::WHERE)) every.where = read_expr();
  item.items = read_policy_items();
}

bool Reader::is_policy_mark() const {
  return is(Parser::GATE) || is(Parser::COMMIT) || is(Parser::CHECKPOINT) || is(Parser::PREFLIGHT);
}

/// `approval before promote on every path`; the cursor stands behind `require`.
void Reader::read_policy_require(ast::PolicyItem& item) {
  item.kind = PolicyItemKind::Require;
  if (is_policy_mark()) item.mark = name_of(list_[take()]);
  else item.subject = read_expr();
  if (item.subject && accept(Parser::WITHIN)) {
    item.within = read_expr();
    return;
  }
  if (item.subject && !is(Parser::BEFORE)) return;
  mark_soft();
  expect(Parser::BEFORE);
  item.words[0] = is_policy_mark() ? name_of(list_[take()]) : expect_name();
  expect(Parser::ON);
  item.words[1] = is(Parser::EVERY) ? name_of(list_[take()]) : expect_name();
  item.words[2] = expect_name();
}

/// `approved by "ben" of managers`
ast::ExceptionClause Reader::read_exception_clause() {
  size_t first = at_;
  mark_item();
  ast::ExceptionClause clause{expect_name(), accept(Parser::BY), nullptr, nullptr, {}};
  clause.value = read_expr();
  if (accept(clause.by ? Parser::OF : Parser::IN)) clause.of = read_expr();
  clause.span = since(first);
  return clause;
}

}  // namespace rollout::syntax
