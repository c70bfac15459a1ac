// Baseline: a window of the past of a whole service, measured once, when the run starts. Part of the plan (plan.h).
#pragma once

#include <cstdint>
#include <string>

namespace rollout::plan {

/// Limits of `s.baseline(1h, by: 1m)`.
inline constexpr int64_t usual_part_ns = 60'000'000'000;  ///< where no `by` is written
inline constexpr int64_t least_part_ns = 1'000'000'000;   ///< a part is longer than a scrape
inline constexpr int64_t least_parts = 2, most_parts = 10'000;

/// The window ends when the run starts, and is cut into parts of equal length: the deviation is that of the parts.
struct Baseline {
  uint32_t signal = UINT32_MAX;  ///< index into Plan::signals, which has a metrics source
  int64_t quantile_ppb = 0;      ///< of a Buckets signal; else 0
  int64_t window_ns = 0;
  int64_t part_ns = 0;           ///< divides the window
  std::string text;              ///< `error_rate of the last 1h`
};

struct Plan;
/// Whether a run of the plan reads anything once, before its first step: baselines, or values observed `at run start`.
bool captures(const Plan& plan);

}  // namespace rollout::plan
