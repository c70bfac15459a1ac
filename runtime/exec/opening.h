// Opening: what a plan's calendar, and a person's pause, let a run do at a moment of the wall clock. For the executor.
// They guard only the beginning of forward steps: what has begun goes on, a rollback is never kept waiting. Pure.
#pragma once

#include <optional>

#include "runtime/exec/memory.h"
#include "runtime/exec/state.h"

namespace rollout::exec {

/// How long a closed calendar that never opens again is waited for before it is looked at again.
inline constexpr int64_t never_opens_ns = 86'400'000'000'000;

/// The plan has a calendar, and it is closed.
bool is_closed(const plan::Plan& plan, int64_t wall_ns);
/// The same; asks the calendar only when it may have changed since `known`.
bool is_closed(const plan::Plan& plan, Stretch& known, int64_t wall_ns);

/// Those that have not begun, where all steps before them are done, or left behind, and no failed scope keeps them from
/// it. In order.
std::vector<uint32_t> ready_steps(const plan::Plan& plan, const State& state);

/// A person lets no step begin.
bool is_paused(const State& state);

/// A hold that is over stays until the calendar opens, so that its gates and watches look on while nothing else does:
/// where the plan waits at close, and steps are left to begin. So does every hold while the run is paused.
bool held_back(const plan::Plan& plan, const State& state, StepRef hold, int64_t wall_ns);

/// While it is closed: something would begin, or end, if it were open.
bool waits_to_begin(const plan::Plan& plan, const State& state, int64_t now, int64_t wall_ns);

/// This closing is on record, not one before it.
bool is_said(const State& state, int64_t wall_ns);

journal::CalendarClosed closed_event(const plan::Plan& plan, int64_t wall_ns);

/// How long from `wall_ns` until it opens.
int64_t to_opening_ns(const plan::Plan& plan, int64_t wall_ns);

}  // namespace rollout::exec
