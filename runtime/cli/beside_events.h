// What the store says of runs beside their events: what was asked of them, and which locks they hold. Held against the
// events, for `audit --verify`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/journal/store.h"

namespace rollout::cli {

/// So far may the clock of whoever asks be ahead of that of whoever ends the run.
inline constexpr int64_t max_clock_ahead_ns = 3'600'000'000'000;

/// What is wrong with the requests of a run whose chain is whole; empty: nothing. `requests`: as Store::requests gives
/// them from the first on, read behind the events. One that nobody has looked at yet is in no event, and only its time
/// can speak against it.
std::vector<std::string> request_problems(const journal::Chain& chain, const std::vector<journal::Request>& requests);

/// Locks in the store that no run holds by its events, and such that a run holds and the store does not know of; each
/// with the run. Runs whose events cannot be read say nothing. A run that goes on meanwhile may be named: look again.
using Problems = std::vector<std::pair<std::string, std::string>>;
Result<Problems> lock_problems(journal::Store& store, const std::vector<journal::RunInfo>& runs);

}  // namespace rollout::cli
