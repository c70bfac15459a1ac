// What names mean in an environment.
#include "compiler/eval/evaluator.h"

namespace rollout::eval {

void Evaluator::enter(const ir::Environment& environment) {
  std::vector<std::optional<Value>> lets(lets_.size());
  for (const ir::Rebinding& one : environment.values)
    if (one.kind == ir::Ref::Let) lets[one.index] = eval(environment.module, one.value, {});
  for (const ir::Rebinding& one : environment.values)
    if (one.kind == ir::Ref::Target || one.kind == ir::Ref::Team) rebindings_.push_back(one);
  // Whatever was computed before was made of what the names meant then.
  lets_ = std::move(lets);
  places_.clear();
}

/// The target or team that is meant by the one that is named.
uint32_t Evaluator::meant(ir::Ref kind, uint32_t index) const {
  for (const ir::Rebinding& one : rebindings_)
    if (one.kind == kind && one.index == index) return one.by;
  return index;
}

}  // namespace rollout::eval
