// Proof 5: from which moments on a run that parks at close meets none, in the worst case. For `check` and `plan`, and
// for views of a plan that say when it is late. Pure; the calendar of the plan decides, not the machine's.
#pragma once

#include "compiler/calendar/stay.h"
#include "compiler/plan/forward.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// The first moments from `wall_ns` on at which the plan may begin and meets no close however long everything takes,
/// policies kept. Of a plan without `during`, and where there are none: nothing.
std::optional<calendar::Moments> next_safe_start(const plan::Plan& plan, const plan::SafeStart& start, int64_t wall_ns);

/// Of a run that begins at `wall_ns`: the first step that a close may come before, in the worst case; none: no step.
uint32_t parks_before(const plan::Plan& plan, int64_t wall_ns);

/// Fills in `start` and `start_answered`.
void prove_start(const plan::Plan& plan, const plan::Forward& forward, plan::Facts& facts,
                 std::vector<Finding>& findings);

}  // namespace rollout::verify
