// Private to compiler/verify: how soon a gate proves a regression, whenever it begins. Evidence gathers over all holds
// that one condition judges, so a regression that begins late in one phase is proven in the next.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// The error rate of the version that runs, which no plan knows. Where it errs less, a regression is seen sooner.
inline constexpr double assumed_rate = 0.001;
/// How surely a regression has been proven when it is said to be.
inline constexpr double assumed_power = 0.8;

/// What one judged hold adds to the evidence of the condition.
struct Judged {
  double blocks = 0;       ///< samples of the hold
  int64_t sample_ns = 0;
  double mean = 0, variance = 0;  ///< of the log-evidence that a sample brings once the regression is there
};

/// Where the regression is proven: in which of the holds, and so long after its beginning.
struct Proven {
  size_t hold = 0;
  int64_t after_ns = 0;
};

/// Questions must be asked in order of their beginnings: answers only move forward, which keeps all of them linear.
class Detection {
 public:
  /// `needed`: log-evidence that proves it; `power`: how surely it has been gathered by then.
  Detection(std::vector<Judged> holds, double needed, double power);
  /// For a regression that begins `from_ns` after the beginning of hold `hold`; nothing: not before the end.
  std::optional<Proven> proven(size_t hold, int64_t from_ns);

 private:
  std::vector<Judged> holds_;
  std::vector<double> mean_, variance_;  ///< sums of all holds before
  double needed_, spread_;
  size_t at_ = 0;
};

}  // namespace rollout::verify
