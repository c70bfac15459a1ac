// MetricSource: one configured system that measures services, such as a Prometheus. What it cannot
// say for certain is no data or an error with the reason in words, never a number.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/exec/world.h"

namespace rollout::metrics {

class MetricSource {
 public:
  virtual ~MetricSource() = default;
  /// All terms at one moment, one reading each, in order. Counts and buckets are what happened
  /// since the previous reading of the same term; the first one therefore has no data.
  virtual std::vector<exec::Reading> read(const plan::Plan& plan,
                                          const std::vector<plan::Term>& terms) = 0;
};

}  // namespace rollout::metrics
