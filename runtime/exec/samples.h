// Samples into evidence: how one reading of the signals changes what is known about conditions and watches.
// For fold only. Counts are gathered into blocks that end when the sampling interval of their gate or watch ends;
// a block in which one arm was missing is left out as a whole, so both arms always cover the same time.
#pragma once

#include "runtime/exec/state.h"

namespace rollout::exec {

/// Makes `condition` what it was before the run, as the check after a rollback needs it.
ConditionState fresh_condition(const plan::Plan& plan, const plan::Condition& condition,
                               const std::optional<journal::Captured>& captured);

/// A hold begins: its conditions forget the samples of other holds but keep their evidence.
void begin_hold(State& state, const plan::Plan& plan, StepRef hold, int64_t run_ns);

void fold_sample(State& state, const plan::Plan& plan, const journal::Sampled& sampled,
                 int64_t run_ns);

/// How a scope, or with `none` the whole run, goes back.
const plan::Rollback& rollback_of(const plan::Plan& plan, uint32_t scope);
/// The gates that judge a hold; for the check after a rollback its verify gate.
std::vector<uint32_t> gates_of(const plan::Plan& plan, StepRef hold);
/// The watches in whose scope a hold lies; none after a rollback.
std::vector<uint32_t> watches_of(const plan::Plan& plan, StepRef hold);

/// Whether `condition` is known to be true now, by proof or by enough samples in a row.
bool holds(const plan::Condition& condition, const ConditionState& state);

/// A proof over counts; false for a plain condition and for values, which have no counts.
bool by_proof(const plan::Plan& plan, const plan::Condition& condition);

/// What the condition compares with now, in the unit of its left side.
double bound_of(const plan::Condition& condition, const ConditionState& state);

/// How sure its evidence must be. Part of what may be wrong is spent on what a baseline does not know for certain.
double confidence_of(const plan::Condition& condition);

/// How many samples in a row decide a condition that is not decided by proof.
int samples_needed(const plan::Plan& plan, const plan::Condition& condition);

}  // namespace rollout::exec
