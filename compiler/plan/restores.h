// Whether a plan can restore what it changes, seen from the plan alone. For the reader of saved plans; it shares no
// code with the planner, so that neither can hide a mistake of the other.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// The first action after which some variable of its service is not what it was at the start, or at the last commit,
/// and no undo of that step sets it, or that cannot be undone and stands before every commit; `none`: there is none.
uint32_t first_without_rollback(const Plan& plan);

/// The first action in a scope that cannot be undone, or after which the way back to the entry of a scope leaves a
/// variable at another value than an earlier step had set; `none`: there is none.
uint32_t first_without_scope_rollback(const Plan& plan);

/// A step that leaves a fault behind; `none`: every fault is lifted before the plan ends.
uint32_t step_with_lasting_fault(const Plan& plan);

}  // namespace rollout::plan
