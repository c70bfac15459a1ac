// `expect order(stock.deploy, front.deploy)`, `expect rollback.order(…)`: what was done first, and what only then.
#include "compiler/check/context.h"

namespace rollout::check {

/// `checkout.shift`: an action of a service, a flag or a database.
const Type* Checker::check_action_of(const ast::Expr* subject) {
  auto* member = subject->kind == ast::ExprKind::Member ? static_cast<const ast::MemberExpr*>(subject) : nullptr;
  const Type* object = member ? check_expr(member->object) : nullptr;
  if (object && object->is(TypeKind::Error)) return object;
  if (!object || !ir::is_subject(object->kind)) {
    diagnostics_.report(subject->span, diag::NoActions, object ? text(object) : "this")
        .advise("write a subject and its action: `checkout.shift`");
    return nullptr;
  }
  std::vector<std::string_view> known;
  for (uint32_t capability : object->capabilities)
    for (const ir::Action& action : program_.capabilities[capability].actions) known.push_back(action.name.text);
  if (std::find(known.begin(), known.end(), member->member.text) == known.end())
    report_unknown(member->member.span, member->member.text, "action of this service", known);
  return object;
}

bool Checker::is_order(const ast::Expr* subject) {
  auto is_name = [](const ast::Expr* expr, std::string_view name) {
    return expr->kind == ast::ExprKind::Name && static_cast<const ast::NameExpr*>(expr)->name == name;
  };
  if (subject->kind != ast::ExprKind::Call) return false;
  const ast::Expr* callee = static_cast<const ast::CallExpr*>(subject)->callee;
  if (callee->kind != ast::ExprKind::Member) return is_name(callee, "order");
  auto* member = static_cast<const ast::MemberExpr*>(callee);
  return is_name(member->object, "rollback") && member->member.text == "order";
}

void Checker::check_order_of(const ast::CallExpr* call) {
  if (call->arguments.size() < 2)
    diagnostics_.report(call->span, diag::ExpectedFound, "two actions or more",
                        call->arguments.empty() ? "none" : "one")
        .advise("write what comes first in front: `order(stock.deploy, front.deploy)`");
  for (const ast::Argument& argument : call->arguments) check_action_of(argument.value);
}

}  // namespace rollout::check
