// A window of the past of a service: `s.baseline(1h).error_rate`, and the deviation of its parts.
#include "compiler/check/values.h"

namespace rollout::check {

namespace {

const ast::MemberExpr* as_member(const ast::Expr* expr) {
  return expr->kind == ast::ExprKind::Member ? static_cast<const ast::MemberExpr*>(expr) : nullptr;
}

}  // namespace

/// `s.baseline(1h)`, `s.baseline(1h, by: 5m)`
const Type* ValueChecker::check_baseline(const ast::CallExpr* call, const ast::MemberExpr* member) {
  const Type* duration = simple(TypeKind::Duration);
  const std::vector<ir::Parameter> parameters = {{{"window", member->member.span}, duration, nullptr, nullptr, {}},
                                                 {{"by", member->member.span}, duration, nullptr, nullptr, {}}};
  info(member) = {simple(TypeKind::None), ir::Ref::Past, 0, 0};
  ir::Match match = check_arguments(call, parameters, 0, "`baseline`", false);
  if (match.problem == ir::Match::Problem::None && !match.value(0))
    diagnostics_.report(call->span, diag::BaselineWindow).advise("say how far back it goes: `baseline(1h)`");
  info(call).ref = ir::Ref::Past;
  return simple(TypeKind::Past);
}

const Type* ValueChecker::past_member(const ast::MemberExpr* member) {
  info(member).ref = ir::Ref::Signal;
  return signal_type(member);
}

/// A signal over a window of the past, at a quantile where it is a histogram.
bool ValueChecker::is_past(const ast::Expr* expr) const {
  const ast::Expr* signal = expr->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(expr)->callee : expr;
  const ast::MemberExpr* member = as_member(signal);
  return member && info(member->object).type && info(member->object).type->is(TypeKind::Past);
}

/// `s.baseline(1h).error_rate.deviation`; null where it is something else.
const Type* ValueChecker::check_deviation(const ast::MemberExpr* member, const Type* object) {
  if (member->member.text != "deviation" || !object->is(TypeKind::Live) || !is_past(member->object)) return nullptr;
  info(member).ref = ir::Ref::Deviation;
  return object;
}

}  // namespace rollout::check
