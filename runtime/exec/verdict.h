// The verdict of a gate from the state: pass, fail, no evidence, or none yet. Pure. Always true: a pass rests on
// enough valid, fresh samples of every condition; what the metrics source could not tell is never a failure of the
// product, it is no evidence, and the plan says what follows from that.
#pragma once

#include <optional>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// A condition's last valid sample may be at most this many intervals old when its gate passes.
inline constexpr int64_t fresh_intervals = 3;

/// Nothing while the gate is to be sampled further.
std::optional<journal::GateDecided> decide_gate(const plan::Plan& plan, const State& state,
                                                const HoldState& hold, uint32_t gate, int64_t now);

/// When, at the latest, a hold is to be looked at again because a bound of `gate` is reached; nothing: no bound ahead.
std::optional<int64_t> next_bound(const plan::Plan& plan, const HoldState& hold, uint32_t gate,
                                  int64_t now);

/// How long a hold lasts before its gates may pass; 0 for the check after a rollback.
int64_t hold_of(const plan::Plan& plan, StepRef hold);

/// The last sample of a hold must reach at least here for its gates to decide.
bool sampled_to_the_end(const plan::Plan& plan, const HoldState& hold, uint32_t gate);

/// `error_rate 0.31% against 0.15%`: a condition with what was last measured.
std::string measured_text(const plan::Plan& plan, uint32_t condition, const ConditionState& state);

}  // namespace rollout::exec
