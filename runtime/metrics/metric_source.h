// MetricSource: one configured system that measures services, such as a Prometheus. What it cannot
// say for certain is no data or an error with the reason in words, never a number.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/exec/world.h"

namespace rollout::metrics {

/// The label that tells instances of one set from those that had their addresses before.
inline constexpr std::string_view set_label_name = "instance_set";

/// The instances that serve a role now, as their workload labels them for whoever scrapes them.
struct Subject {
  std::vector<std::string> sets;       ///< values of the label
  std::vector<std::string> addresses;  ///< of those that are up: `127.0.0.1:18410`
};

class MetricSource {
 public:
  virtual ~MetricSource() = default;
  /// All terms at one moment, one reading each, in order. Counts and buckets are what happened
  /// since the previous reading of the same term; the first one therefore has no data. `subjects`:
  /// whom each term is about; none where no workload says so, and then by the plan's labels alone.
  virtual std::vector<exec::Reading> read(const plan::Plan& plan,
                                          const std::vector<plan::Term>& terms,
                                          const std::vector<std::optional<Subject>>& subjects) = 0;
  /// A window of the past of all instances of a service, up to now. An error where less than half of it has data.
  virtual Result<journal::PastReading> past(const plan::Plan& plan, const plan::Baseline& baseline) = 0;
};

}  // namespace rollout::metrics
