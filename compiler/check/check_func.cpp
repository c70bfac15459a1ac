// Functions: pure, of typed parameters, one expression. They do not call themselves (circles.h).
#include "compiler/check/values.h"

namespace rollout::check {

/// A body is checked when the function is first called, wherever it stands; so its time is known to the caller.
void ValueChecker::check_func(uint32_t index) {
  ir::Func& func = program_.funcs[index];
  if (func.checked) return;
  func.checked = true;
  if (is_too_deep(func.decl->name.span)) return;
  ++open_funcs_;
  Place outer = leave_for(func.module);
  uint32_t caller = std::exchange(func_, index);
  uint32_t slots = std::exchange(slots_, 0);
  check_defaults(func.parameters);
  for (const ir::Parameter& parameter : func.parameters)
    add_local(parameter.name, parameter.type, ir::Time::Constant);
  time_ = ir::Time::Constant;
  expect(func.decl->body, func.type, fmt::format("`{}`", func.decl->name.text));
  // Another function's body may hold a call of this one, by then its time is final.
  program_.funcs[index].time = time_;
  program_.funcs[index].slots = slots_;
  --open_funcs_;
  slots_ = slots;
  func_ = caller;
  return_to(std::move(outer));
}

const Type* ValueChecker::check_func_call(const ast::CallExpr* call, uint32_t index) {
  info(call->callee) = {simple(TypeKind::None), ir::Ref::Func, index, 0};
  if (func_ != UINT32_MAX) func_calls_.push_back({func_, index, call->callee->span});
  check_func(index);
  const ir::Func& func = program_.funcs[index];
  time_ = std::max(time_, func.time);
  check_arguments(call, func.parameters, 0, fmt::format("`{}`", func.decl->name.text), true);
  return program_.funcs[index].type;
}

}  // namespace rollout::check
