// How far a rollback goes, what of a run nobody has looked at, and what it holds. For the executor, the fold and the
// views. Pure functions of the plan and the state.
#pragma once

#include <optional>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// The scope behind the checkpoint that the run has passed last; none: it has passed none since its start or commit.
uint32_t behind_checkpoint(const plan::Plan& plan, const State& state);

/// A person has resumed a run that was parked at a checkpoint: what stands behind it is as if it had never begun.
void begin_anew(State& state, const plan::Plan& plan, uint32_t scope);

/// Time in which the service's users were on what nothing had looked at, up to `now`, as full traffic.
int64_t unseen_ns(const State& state, uint32_t service, int64_t now);
/// The service for which that is longer than the plan's budget; none: it is kept.
uint32_t over_budget(const plan::Plan& plan, const State& state, int64_t now);
/// When the budget will be over if nothing looks before; nothing: never.
std::optional<int64_t> budget_end_ns(const plan::Plan& plan, const State& state);
/// `users of checkout were on what nothing had looked at for 6m of full traffic, …`
std::string over_budget_text(const plan::Plan& plan, const State& state, uint32_t service, int64_t now);

/// Whether the way back of the scope (none: of the run) leads to a version that is held. Then only a person goes it.
bool leads_to_held(const plan::Plan& plan, const State& state, uint32_t scope);

/// This run holds the lock of that name, for whichever of its parts.
bool holds_lock(const plan::Plan& plan, const State& state, uint32_t lock);

}  // namespace rollout::exec
