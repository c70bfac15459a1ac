// What the file does beside the way back: the actions of `on abort` and `on rollback`. For the executor. Pure functions
// of the plan and the state. Always true: they begin once everything has gone back, and none of them is tried for ever.
#pragma once

#include <string>
#include <vector>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// Those that this rollback calls for, each once, in the order of the file: indices into Plan::undo.
std::vector<uint32_t> hook_actions(const plan::Plan& plan, const State& state);

/// What is to be said of those that have failed, behind something else; empty: none has.
std::string text_hooks_failed(const plan::Plan& plan, const State& state);

}  // namespace rollout::exec
