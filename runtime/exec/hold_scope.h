// What a hold looks after while other branches of the plan run beside it: each service, and each watch, is looked after
// by one hold at a time, so that requests are counted once and a router is asked by nobody while it is being set.
// For the executor and for fold. Pure functions of the plan and the state.
#pragma once

#include <vector>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// An action on the service has begun and is not finished.
bool in_motion(const plan::Plan& plan, const State& state, uint32_t service);

/// Whether `hold` confirms the router of the service: it judges the service or, where no running hold does, is the
/// first of them all; and the service is not in motion.
bool looks_after(const plan::Plan& plan, const State& state, StepRef hold, uint32_t service);

/// The watches that `hold` samples now: those in whose scope it lies and whose services it looks after.
std::vector<uint32_t> watches_now(const plan::Plan& plan, const State& state, StepRef hold);

}  // namespace rollout::exec
