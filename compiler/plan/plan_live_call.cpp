// Functions that give live values: what they say is put in the place of their call, with the arguments known.
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

/// The function that is called; null where it is something else.
const ir::Func* Planner::live_func(const ast::Expr* expr, const Scope& scope) const {
  if (expr->kind != ast::ExprKind::Call) return nullptr;
  const ir::ExprInfo& callee = program_.info(scope.module, static_cast<const ast::CallExpr*>(expr)->callee);
  return callee.ref == ir::Ref::Func ? &program_.funcs[callee.index] : nullptr;
}

/// What its body sees. Nothing where an argument was reported, or where functions that call functions never end.
std::optional<Planner::Scope> Planner::enter_func(const ast::CallExpr* call, const ir::Func& func, Scope& scope) {
  if (!has_budget(call->span)) return std::nullopt;
  size_t errors = diagnostics_.errors();
  ir::Match match = ir::match_arguments(func.parameters, call->arguments);
  Scope inner{func.module, eval::Frame(std::max<size_t>(func.slots, func.parameters.size())),
              uint32_t(func.parameters.size())};
  for (size_t i = 0; i < func.parameters.size(); ++i)
    inner.frame[i] = eval_->bind(func.parameters[i], func.module, scope.module, match.value(i), scope.frame);
  if (diagnostics_.errors() != errors) return std::nullopt;
  return inner;
}

/// What people are asked; null where it is something else.
const ast::MemberExpr* Planner::confirmation(const ast::Expr* expr, const Scope& scope) const {
  if (expr->kind == ast::ExprKind::Call) expr = static_cast<const ast::CallExpr*>(expr)->callee;
  bool asks = expr->kind == ast::ExprKind::Member && program_.info(scope.module, expr).ref == ir::Ref::Confirm;
  return asks ? static_cast<const ast::MemberExpr*>(expr) : nullptr;
}

/// The record of this project is asked beside the service's workload: it has a value of its own, no backend's.
uint32_t Planner::rehearsed_index(uint32_t service, Span used_at) {
  constexpr std::string_view name = "rollback.rehearsed";
  for (uint32_t i = 0; i < plan_.signals.size(); ++i)
    if (plan_.signals[i].service == service && plan_.signals[i].name == name) return i;
  if (plan_.services[service].bindings.empty()) {
    diagnostics_.report(used_at, diag::SignalMissing, service_text(plan_.services[service]), std::string(name));
    return none;
  }
  Signal signal{service, std::string(name), plan_.services[service].bindings[0].target, "rehearsed", {}};
  signal.unit = Value::Kind::Duration;
  plan_.signals.push_back(std::move(signal));
  return uint32_t(plan_.signals.size() - 1);
}

}  // namespace rollout::plan
