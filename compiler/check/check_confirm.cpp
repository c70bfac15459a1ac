// What only people, the record of this project or the clock can tell, before a rollout begins: `sre.on_call`,
// `sre.confirms("…")`, `checkout.rollback.rehearsed`, `working_hours.open`.
#include "compiler/check/values.h"

namespace rollout::check {

const Type* ValueChecker::team_member(const ast::MemberExpr* member) {
  if (member->member.text == "on_call") {
    info(member).ref = ir::Ref::Confirm;
    info(member).index = 1;
    return program_.types.live(simple(TypeKind::Bool));
  }
  if (member->member.text == "confirms") {
    diagnostics_.report(after(member->span), diag::ArgumentMissing, "`confirms`", "what", "String")
        .advise("say what they confirm: `.confirms(\"the change is announced\")`");
    return simple(TypeKind::Error);
  }
  report_unknown(member->member.span, member->member.text, "member of a team", {"on_call", "confirms"});
  return simple(TypeKind::Error);
}

/// `s.rollback.rehearsed`: how long ago. Null where it is something else.
const Type* ValueChecker::check_rehearsed(const ast::MemberExpr* member) {
  if (member->member.text != "rehearsed" || member->object->kind != ast::ExprKind::Member) return nullptr;
  auto* rollback = static_cast<const ast::MemberExpr*>(member->object);
  if (rollback->member.text != "rollback") return nullptr;
  const Type* service = check_expr(rollback->object);
  if (!service->is(TypeKind::Service)) return nullptr;
  info(rollback).type = service;
  info(member).ref = ir::Ref::Rehearsed;
  return program_.types.live(simple(TypeKind::Duration));
}

/// `working_hours.open`
const Type* ValueChecker::calendar_member(const ast::MemberExpr* member) {
  if (member->member.text == "open") {
    info(member).ref = ir::Ref::Open;
    return program_.types.live(simple(TypeKind::Bool));
  }
  report_unknown(member->member.span, member->member.text, "member of a calendar", {"open"});
  return simple(TypeKind::Error);
}

const Type* ValueChecker::check_confirm(const ast::CallExpr* call, const ast::MemberExpr* member) {
  const std::vector<ir::Parameter> parameters = {
      {{"what", member->member.span}, simple(TypeKind::String), nullptr, nullptr, {}}};
  info(member) = {simple(TypeKind::None), ir::Ref::Confirm, 0, 0};
  ir::Match match = check_arguments(call, parameters, 0, "`confirms`", false);
  if (match.problem == ir::Match::Problem::None && !match.value(0))
    diagnostics_.report(after(call->callee->span), diag::ArgumentMissing, "`confirms`", "what", "String");
  info(call).ref = ir::Ref::Confirm;
  return program_.types.live(simple(TypeKind::Bool));
}

void ValueChecker::report_confirm(const ast::Expr* expr) {
  diagnostics_.report(expr->span, diag::ConfirmHere)
      .advise("a gate asks people about its evidence: `on undecided { ask sre }`; on the way there is `approve by`");
}

/// One comparison, a function that gives one, or what people are asked: what decides a clause.
bool ValueChecker::is_live_condition(const ast::Expr* expr, const Type* type) const {
  bool one = expr->kind == ast::ExprKind::Binary || expr->kind == ast::ExprKind::Call ||
             info(expr).ref == ir::Ref::Confirm;
  return one && type->is(TypeKind::Live) && type->arguments[0]->is(TypeKind::Bool);
}

}  // namespace rollout::check
