// Quotas: how many instances a target may hold, and how many of them others have already.
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

void Planner::count_quotas() {
  for (uint32_t i = 0; i < plan_.targets.size(); ++i) {
    const ir::Target& declared = program_.targets[declared_targets_[i]];
    if (!declared.quota) continue;
    plan_.targets[i].quota = eval_->eval(declared.module, declared.quota, {}).number;
    if (plan_.targets[i].quota < 1)
      diagnostics_.report(declared.quota->span, diag::NotPositive, "`quota`", plan_.targets[i].quota);
    plan_.targets[i].others = others_on(i);
  }
}

/// What is declared to run there, and takes no part in this plan.
int64_t Planner::others_on(uint32_t target) {
  int64_t instances = 0;
  for (uint32_t i = 0; i < program_.services.size(); ++i) {
    const ir::Service& declared = program_.services[i];
    const ast::Expr* replicas = eval::replicas_of(declared);
    if (!replicas) continue;
    for (const Value& entity : entities_of(i)) {
      if (services_.count(fmt::format("{} {}", entity.number, entity.text))) continue;
      const eval::Frame& frame = eval::place_frame(entity);
      for (const ir::Binding& binding : declared.bindings) {
        if (!ir::sets(*program_.capabilities[binding.capability].decl, "instances")) continue;
        Value named = eval_->eval(declared.module, binding.named, frame);
        if (uint32_t(named.number) == declared_targets_[target] && named.text == plan_.targets[target].name)
          instances += eval_->eval(declared.module, replicas, frame).number;
      }
    }
  }
  return instances;
}

}  // namespace rollout::plan
