// What a test measured beside a limit that was not kept: by how much, and where that was decided.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/event.h"

namespace rollout::cli {

/// As short as it can be told from the limit: `1m0s`, or `1m0.04s` beside a limit of `1m`.
std::string measured_text(int64_t actual_ns, int64_t limit_ns);

/// Where users had met the new version of `service` for longer than `limit_ns`: `passed at 02:00 in phase pilot`;
/// empty: by the journal they never had.
std::string passed_text(const plan::Plan& plan, const std::vector<journal::Event>& events, uint32_t service,
                        int64_t limit_ns);

}  // namespace rollout::cli
