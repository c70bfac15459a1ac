// What a parked run leaves for the person who is called: what is where, and what to do. Honest, in sentences.
#pragma once

#include <string>

#include "runtime/exec/state.h"
#include "runtime/exec/world.h"

namespace rollout::exec {

/// The rollback could not do `undo`.
std::string text_stuck(const plan::Plan& plan, const State& state, StepRef undo);

/// The rollback of a scope could not do `undo`; its check did not pass; it has failed, and what is around it goes back.
std::string text_scope_stuck(const plan::Plan& plan, const State& state, uint32_t scope, StepRef undo);
std::string text_scope_unverified(const plan::Plan& plan, const State& state, uint32_t scope);
std::string text_scope_failed(const plan::Plan& plan, const State& state, uint32_t scope);

/// An action behind a commit failed as often as the plan lets it.
std::string text_retried(const plan::Plan& plan, const State& state, uint32_t step);

/// Scopes have failed, and nothing goes on without a person.
std::string text_scopes_parked(const plan::Plan& plan, const State& state);

/// Everything is done but scopes that have gone back on their own.
std::string text_left_behind(const plan::Plan& plan, const State& state);

/// The way back ended at a commit: what came before it stays.
std::string text_past_commit(const plan::Plan& plan, const State& state);

/// The way back would lead to a version that is held.
std::string text_withheld(const plan::Plan& plan, const State& state);

/// The way back is done, and does not lead to what ran before.
std::string text_astray(const plan::Plan& plan, const State& state, const std::vector<Astray>& astray);

/// Everything was restored and the check after it did not pass.
std::string text_not_verified(const plan::Plan& plan, const State& state);

}  // namespace rollout::exec
