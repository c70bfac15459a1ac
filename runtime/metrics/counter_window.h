// Increases of counters between two readings, series by series. A value that drops is a restart:
// the counter began again at zero. A series that is seen for the first time gives only its starting
// point, unless its instance was there before without it: then it began at zero.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/metrics/prometheus_api.h"

namespace rollout::metrics {

class CounterWindow {
 public:
  struct Increase {
    const Series* series = nullptr;
    double events = 0;
  };
  struct Taken {
    std::vector<Increase> increases;  ///< of series with a starting point
    bool first = false;               ///< no series had a starting point
    bool advanced = false;  ///< some series has a newer sample than at the previous reading
  };

  /// `target_labels`: those that tell one scraped instance from another. `known`: another counter
  /// of the same instances whose earlier sight counts too, or null. An error names a value that no
  /// counter has.
  Result<Taken> take(const std::vector<Series>& window,
                     const std::vector<std::string>& target_labels, const CounterWindow* known);

 private:
  struct Point {
    double time_s = 0;
    double value = 0;
  };
  std::map<std::string, Point> points_;  ///< by all labels
  std::set<std::string> targets_;        ///< instances seen at the last reading
};

}  // namespace rollout::metrics
