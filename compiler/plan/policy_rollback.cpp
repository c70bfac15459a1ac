// `r.rollback.total`: from every step the way back leads to what was there at first.
#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

Finding rollback_total(const Plan& plan) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    bool acts = step.kind == StepKind::Act && !step.action.sets.empty();
    bool final = step.kind == StepKind::Act && step.action.reversibility == Reversibility::Irreversible;
    if (step.kind == StepKind::Commit || final || (acts && step.rollback.empty()))
      return {eval::Value::boolean(false), fmt::format("nothing leads back across {}", step_text(step)), i};
  }
  return {eval::Value::boolean(true), ""};
}

}  // namespace rollout::plan
