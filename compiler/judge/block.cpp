#include "compiler/judge/block.h"

#include <algorithm>

namespace rollout::judge {

double inner_rate(double rate) { return std::clamp(rate, least_rate, 1 - least_rate); }

double bound_at(const Hypothesis& hypothesis, double baseline_rate) {
  return inner_rate(hypothesis.ratio * baseline_rate + hypothesis.margin);
}

double scale_odds(double rate, double factor) {
  double odds = factor * rate / (1 - rate);
  return inner_rate(odds / (1 + odds));
}

}  // namespace rollout::judge
