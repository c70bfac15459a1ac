// From decision to effect: how long after the readings that decide a gate the next action reaches the router, in one
// process with the real store on a real disk, beside what the disk and the socket alone take. For `rollout_bench`.
#pragma once

#include <filesystem>

#include "compiler/base/result.h"

namespace rollout::bench {

/// Prints p50 and p99 over `decisions` decisions; state file and sockets lie in `scratch`.
Status measure_decisions(const std::filesystem::path& scratch, int decisions);

}  // namespace rollout::bench
