// Range: what a number in a clause may be, the same for what `check` decides and for what the planner computes.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/eval/value.h"

namespace rollout::eval {

struct Range {
  std::string_view clause;
  int64_t least, most;        ///< in the unit of Value::number, both possible
  std::string_view possible;  ///< the same, for people
};

inline constexpr Range sample_range{"sample every", 100 * ns_per_ms, INT64_MAX, "100ms or more"};
inline constexpr Range minimum_range{"minimum", 0, INT64_MAX, "0 or more"};
inline constexpr Range harm_range{"harm", 1, percent_all, "above 0% and at most 100%"};
inline constexpr Range proven_range{"proven", 1, percent_all - 1, "above 0% and below 100%"};
inline constexpr Range quantile_range{"quantile", 1, percent_all - 1, "above 0% and below 100%"};
inline constexpr Range share_range{"given", 0, percent_all, "0% to 100%"};
inline constexpr Range time_range{"given", 0, INT64_MAX, "0s or more"};
inline constexpr Range at_range{"at", 0, INT64_MAX, "0s or more"};
inline constexpr Range over_range{"over", 1, 100'000, "1 to 100000 samples"};

/// Reports a value that is not in the range, and returns false. What could not be computed was reported before.
bool in_range(const Range& range, const Value& value, Span at, Diagnostics& diagnostics);

}  // namespace rollout::eval
