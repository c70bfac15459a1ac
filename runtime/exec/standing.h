// What scopes that have failed let the others do. For the executor and the views. Pure functions of the plan and the
// state. Where no scope has failed they cost nothing.
#pragma once

#include "runtime/exec/state.h"

namespace rollout::exec {

/// What follows the rollback of a failed scope: what is around it goes back, too; the run is parked; the others go on.
enum class Then { Unwind, Park, GoOn };
Then then_of(const plan::Plan& plan, const State& state, uint32_t scope);

/// The step lies in a scope that has failed.
bool lies_in_failed(const plan::Plan& plan, const State& state, uint32_t step);

/// It is over without being done: its scope has gone back, and the others go on.
bool is_left_behind(const plan::Plan& plan, const State& state, uint32_t step);

/// By scope: it never begins, since one that it needs has failed or never begins either.
std::vector<bool> skipped_scopes(const plan::Plan& plan, const State& state);

/// The step lies in one of `skipped`.
bool is_skipped(const State& state, const std::vector<bool>& skipped, uint32_t step);

/// Behind a commit and in no scope, where the plan says that actions are tried again before the run parks.
bool is_retried(const plan::Plan& plan, const State& state, uint32_t step);

/// What is around it goes back as soon as the effects underway there have ended.
bool is_closing(const plan::Plan& plan, const State& state, uint32_t step);

/// Nothing begins any more until a person has resumed the run.
bool is_parking(const plan::Plan& plan, const State& state);

/// No failed scope that it lies in or next to keeps it from beginning.
bool may_begin(const plan::Plan& plan, const State& state, uint32_t step);

/// Nothing in `scope`, or with `none` in the run, is underway but holds: it can go back.
bool has_drained(const plan::Plan& plan, const State& state, uint32_t scope);

/// The scope that takes the service back, or could not; none: no scope does.
uint32_t scope_taking_back(const State& state, uint32_t service);

}  // namespace rollout::exec
