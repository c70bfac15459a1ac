// What a parked run leaves for the person who is called: what is where, and what to do. Honest, in sentences.
#pragma once

#include <string>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// The rollback could not do `undo`.
std::string text_stuck(const plan::Plan& plan, const State& state, StepRef undo);

/// The way back ended at a commit: what came before it stays.
std::string text_past_commit(const plan::Plan& plan, const State& state);

/// Everything was restored and the check after it did not pass.
std::string text_not_verified(const plan::Plan& plan, const State& state);

}  // namespace rollout::exec
