// Private to compiler/eval: values that stand somewhere already, so that nothing is copied for one of their items; and
// what it costs to look through them.
#pragma once

#include "compiler/eval/evaluator.h"

namespace rollout::eval {

/// What the name `expr` stands for: in `lets`, where it was computed before, or in `frame`. Null: it must be evaluated.
inline const Value* standing(const ir::Program& program, ir::ModuleId module, const ast::Expr* expr,
                             const std::vector<std::optional<Value>>& lets, const Frame& frame) {
  if (expr->kind != ast::ExprKind::Name) return nullptr;
  const ir::ExprInfo& info = program.info(module, expr);
  if (info.ref == ir::Ref::Local) return &frame[info.index];
  return info.ref == ir::Ref::Let && lets[info.index] ? &*lets[info.index] : nullptr;
}

/// Items of all levels; at most one more than `max_items`. Long texts count as many.
size_t items_of(const Value& value);

/// Counts a look through `items` as calls of functions; true where that is more than there may be.
inline bool looked_too_long(size_t& calls, size_t items) {
  constexpr size_t items_a_call = 64;
  calls += items / items_a_call;
  return calls > max_calls;
}

}  // namespace rollout::eval
