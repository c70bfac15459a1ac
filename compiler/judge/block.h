// What gates count and what they ask, shared by all of compiler/judge. Plain values; no state.
// Always true of a Block: 0 <= bad <= total in both arms.
#pragma once

#include <cstdint>

namespace rollout::judge {

/// The counts of one sampling interval, the same interval in both arms.
struct Block {
  int64_t canary_total = 0;
  int64_t canary_bad = 0;
  int64_t baseline_total = 0;  ///< 0 when there is no baseline, as with a constant bound
  int64_t baseline_bad = 0;
};

/// The claim that evidence is gathered for, over the true rates p_c and p_b.
struct Hypothesis {
  double ratio = 1;     ///< 0: the bound is the constant `margin`, the baseline is not read
  double margin = 0;
  bool exceeds = true;  ///< claim: p_c > ratio*p_b + margin; otherwise: p_c <= ratio*p_b + margin
};

/// A pair of rates: one point of the model.
struct Rates {
  double canary = 0;
  double baseline = 0;
};

/// Rates are kept off 0 and 1 by this much, so that every logarithm is finite.
inline constexpr double least_rate = 1e-9;

/// ratio*p_b + margin, kept off 0 and 1.
double bound_at(const Hypothesis& hypothesis, double baseline_rate);

/// `rate` kept off 0 and 1.
double inner_rate(double rate);

/// The rate whose odds are `factor` times those of `rate`.
double scale_odds(double rate, double factor);

}  // namespace rollout::judge
