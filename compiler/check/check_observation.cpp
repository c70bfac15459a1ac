// Observed values: `let v = observe checkout.version(stable) exact`. Read once, when the plan is made, recorded in it,
// and looked at again before the first effect as the declaration says.
#include "compiler/check/values.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

std::string_view name_in(const ast::Expr* expr) {
  return expr->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(expr)->name : std::string_view();
}

}  // namespace

/// `checkout.version(stable)` may be absent: nothing may run yet. `checkout.generation` counts the runs.
const Type* ValueChecker::check_observed(const ast::Expr* what) {
  auto* call = what->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(what) : nullptr;
  const ast::Expr* callee = call ? call->callee : what;
  auto* member = callee->kind == ast::ExprKind::Member ? static_cast<const ast::MemberExpr*>(callee) : nullptr;
  const Type* object = member ? check_expr(member->object) : nullptr;
  if (object && object->is(TypeKind::Error)) return object;
  bool service = object && object->is(TypeKind::Service) && info(member->object).ref == ir::Ref::Service;
  bool version = service && call && member->member.text == "version" && call->arguments.size() == 1 &&
                 name_in(call->arguments[0].value) == "stable";
  bool generation = service && !call && member->member.text == "generation";
  if (!version && !generation) {
    diagnostics_.report(what->span, diag::NotObservable)
        .advise("of a service there are `checkout.version(stable)` and `checkout.generation`");
    return simple(TypeKind::Error);
  }
  info(member) = {simple(TypeKind::None), ir::Ref::Observed, uint32_t(version), 0};
  info(what).ref = ir::Ref::Observed;
  return version ? program_.types.of(TypeKind::Optional, {simple(TypeKind::Image)}) : simple(TypeKind::Int);
}

const Type* ValueChecker::check_observation(const ast::LetDecl* decl) {
  const ast::Observation& observation = *decl->observation;
  const Type* type = check_observed(decl->value);
  info(decl->value).type = type;
  time_ = ir::Time::Observed;
  std::string_view word = observation.recheck.text;
  bool known = observation.at_run ? word == "start" : observation.within || word == "exact" || word == "recorded";
  if (!known)
    report_unknown(observation.recheck.span, word, "recheck",
                   {"exact", "within 10%", "recorded", "at run start"});
  if (observation.within) {
    expect(observation.within, simple(TypeKind::Percent), "`within`");
    bool number = ir::is_number(type->kind) || ir::is_quantity(type->kind) || type->is(TypeKind::Error);
    if (!number)
      diagnostics_.report(observation.within->span, diag::WrongType, "`within`", "an observed number", text(type))
          .advise("write `exact`, `recorded` or `at run start`");
  }
  if (observation.example) expect(observation.example, type, "`example`");
  return type;
}

}  // namespace rollout::check
