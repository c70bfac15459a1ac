// The quantile of what fell into a histogram's buckets, linear within a bucket. Pure arithmetic.
#pragma once

#include <map>

#include "compiler/base/result.h"

namespace rollout::metrics {

struct Quantile {
  double value = 0;
  bool beyond = false;  ///< it lies above the last finite bound; `value` is that bound
};

/// `counts`: events up to each bound (cumulative), the last bound infinite. `q` in (0, 1).
Result<Quantile> quantile_of(const std::map<double, double>& counts, double q);

}  // namespace rollout::metrics
