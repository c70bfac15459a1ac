// SARIF 2.1.0, as vulnerability scanners write it: how many findings there are from a severity on. For the `registry`
// backend. A finding's severity is `security-severity` of its rule, a CVSS score; one without it counts as the worst.
#pragma once

#include <cstdint>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::backend {

/// From which CVSS score on a vulnerability is critical, high or medium.
inline constexpr double critical_score = 9.0, high_score = 7.0, medium_score = 4.0;

/// The findings of a report with at least that score. Suppressed ones count: who may suppress is not ours to say.
Result<int64_t> findings_from(std::string_view report, double least_score);

}  // namespace rollout::backend
