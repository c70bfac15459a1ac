// Whether a plan can restore what it changes, seen from the plan alone. For the reader of saved plans; it shares no
// code with the planner, so that neither can hide a mistake of the other.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// The first action after which some variable of its service is not what it was at the start and no undo of that step
/// sets it; `none` where there is no such action.
uint32_t first_without_rollback(const Plan& plan);

}  // namespace rollout::plan
