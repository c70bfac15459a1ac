// fold: one event after another into the State. Pure; the same events give the same state to the bit.
#pragma once

#include <vector>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// The state before the first event.
State initial_state(const plan::Plan& plan);

void fold(State& state, const plan::Plan& plan, const journal::Event& event);

State fold_all(const plan::Plan& plan, const std::vector<journal::Event>& events);

/// There is no moment in which it has begun and is not done: a commit, a checkpoint, a message, the end of a lock.
bool passes_at_once(const plan::Step& step);

/// By step: whether it has begun.
std::vector<bool> begun_steps(const State& state);

/// All attempts of an action that were made have only looked, and nothing was called: there is nothing to take back.
bool was_never_reached(const plan::Plan& plan, const State& state, uint32_t step);

/// By step: whether it has begun and may have taken effect, and no scope has taken it back completely.
std::vector<bool> open_steps(const plan::Plan& plan, const State& state);

/// The last commit that the run has passed; none: everything can still be taken back.
uint32_t commit_passed(const plan::Plan& plan, const State& state);

/// The action that `ref` names.
const plan::Action& action_of(const plan::Plan& plan, StepRef ref);

/// The canary's share that `action` sets, or nothing.
std::optional<int64_t> share_set_by(const plan::Action& action);
/// What part of the traffic those are at most whom the action routes to the canary.
std::optional<int64_t> routed_by(const plan::Action& action);

}  // namespace rollout::exec
