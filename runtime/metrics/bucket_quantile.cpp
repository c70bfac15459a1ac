#include "runtime/metrics/bucket_quantile.h"

#include <cmath>

#include <fmt/format.h>

namespace rollout::metrics {

Result<Quantile> quantile_of(const std::map<double, double>& counts, double q) {
  if (counts.size() < 2 || !std::isinf(counts.rbegin()->first)) {
    return OpError{"the histogram has no finite bucket beside the one for all (le=\"+Inf\")"};
  }
  const double total = counts.rbegin()->second;
  const double rank = q * total;
  double lower = 0, below = 0;
  for (const auto& [bound, count] : counts) {
    if (count < below)
      return OpError{
          fmt::format("the histogram's bucket up to {} holds less than the one before it", bound)};
    if (count >= rank && count > below) {
      if (std::isinf(bound)) return Quantile{lower, true};
      // Below the first bound there is nothing to interpolate from but zero, if the bound is above
      // it.
      const double from = below == 0 && lower == 0 ? std::min(0.0, bound) : lower;
      return Quantile{from + (bound - from) * (rank - below) / (count - below), false};
    }
    lower = bound;
    below = count;
  }
  return OpError{"the histogram counts nothing"};
}

}  // namespace rollout::metrics
