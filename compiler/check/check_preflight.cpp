// What must be so before a rollout changes anything.
#include "compiler/check/context.h"

namespace rollout::check {

/// `check "…" checkout.rollback.rehearsed within 30d`: it was at most so long ago.
void Checker::check_within(const ast::PreflightCheck& check, const Type* type) {
  expect(check.within, simple(TypeKind::Duration), "`within`");
  bool ago = type->is(TypeKind::Live) && type->arguments[0]->is(TypeKind::Duration);
  if (!ago && !type->is(TypeKind::Error))
    diagnostics_.report(check.condition->span, diag::WrongType, "`within`", "how long ago something was", text(type))
        .advise("write `checkout.rollback.rehearsed within 30d`, or compare: `checkout.unhealthy < 10%`");
}

/// `preflight { check "most instances are ready" checkout.unhealthy < 10% }`: each check is a condition over live
/// values, or decided when the plan is made.
void Checker::check_preflight(const ast::PreflightStatement* preflight) {
  bool in_strategy = strategy_ != UINT32_MAX && block_ == program_.strategies[strategy_].decl->body;
  if (block_ != rollout_body_ && !in_strategy)
    diagnostics_.report(preflight->span, diag::PreflightHere)
        .advise("write it at the top of the rollout, above everything that changes something");
  if (preflight->checks.empty()) report_empty(preflight->span, "`preflight`");
  if (preflight->sample) expect_in(eval::sample_range, preflight->sample, TypeKind::Duration);
  for (const ast::PreflightCheck& check : preflight->checks) {
    expect(check.text, simple(TypeKind::String), "`check`");
    const Type* type = check_expr(check.condition);
    if (check.within) {
      check_within(check, type);
      continue;
    }
    if (type->is(TypeKind::Error) || type->is(TypeKind::Bool)) continue;
    if (!is_live_condition(check.condition, type) && info(check.condition).ref != ir::Ref::Open)
      diagnostics_.report(check.condition->span, diag::WrongType, "`check`", "Bool or one live comparison", text(type))
          .advise("compare something, such as `checkout.unhealthy < 10%`; several conditions are several checks");
  }
}

}  // namespace rollout::check
