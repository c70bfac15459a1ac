// For the planner and compiler/verify: how long one action, hold or question takes at most, as the engine keeps it.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// Sums never leave 64 bits, whatever a saved plan says: they stop at the largest number.
int64_t longer(int64_t a, int64_t b);

/// All the time of one attempt.
int64_t once_ns(const Action& action);
/// Every attempt that it is given, and the pauses between them.
int64_t attempts_ns(const Action& action);

/// One step, from the moment at which it may begin.
struct StepCost {
  int64_t best_ns = 0, typical_ns = 0, worst_ns = 0;
};
StepCost cost_of(const Plan& plan, uint32_t step, bool retried);

/// Somebody who does not answer what the step asks parks the run.
bool may_park(const Plan& plan, const Step& step);

/// What a run reads before its first step, when the last try brings it.
int64_t capture_ns(const Plan& plan);

/// The actions of all hooks of the way back, which begin together.
int64_t hooks_ns(const Plan& plan);

}  // namespace rollout::plan
