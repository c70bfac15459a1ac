// What must be so before a rollout changes anything.
#include "compiler/check/context.h"

namespace rollout::check {

/// `preflight { check "most instances are ready" checkout.unhealthy < 10% }`: each check is a condition over live
/// values, or decided when the plan is made.
void Checker::check_preflight(const ast::PreflightStatement* preflight) {
  if (block_ != rollout_body_)
    diagnostics_.report(preflight->span, diag::PreflightHere)
        .advise("write it at the top of the rollout, above everything that changes something");
  if (preflight->sample) expect(preflight->sample, simple(TypeKind::Duration), "`sample every`");
  for (const ast::PreflightCheck& check : preflight->checks) {
    expect(check.text, simple(TypeKind::String), "`check`");
    const Type* type = check_expr(check.condition);
    if (type->is(TypeKind::Error) || type->is(TypeKind::Bool)) continue;
    bool live = check.condition->kind == ast::ExprKind::Binary && type->is(TypeKind::Live) &&
                type->arguments[0]->is(TypeKind::Bool);
    if (!live)
      diagnostics_.report(check.condition->span, diag::WrongType, "`check`", "Bool or one live comparison", text(type))
          .advise("compare something, such as `checkout.unhealthy < 10%`; several conditions are several checks");
  }
}

}  // namespace rollout::check
