// A State as text, and back, for snapshots. Pure. Always true: what is read is equal to what was written, to the bit of
// each sum of its evidence, so that the same events give the same state behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/exec/state.h"

namespace rollout::exec {

/// Raised whenever an event comes to mean something else, or a State is written otherwise. What another version has
/// written is not read.
inline constexpr int state_format = 3;

/// Nothing where it holds what its journal does not give back as it is: what is no UTF-8, or a number that is none.
std::optional<std::string> encode(const State& state);

/// `text` is what encode() gave for the same plan. Nothing where another version did; what was damaged is found by who
/// keeps it, and does no harm here.
std::optional<State> decode_state(const plan::Plan& plan, std::string_view text);

}  // namespace rollout::exec
