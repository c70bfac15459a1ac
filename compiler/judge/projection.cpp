#include "compiler/judge/projection.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/base/check.h"

namespace rollout::judge {

namespace {

// The bracket is one rate wide at most, so 45 halvings reach 1e-13; the reference vectors use the same number.
constexpr int halvings = 45;

/// Log-likelihood ratio of `bad` among `total` between the rates `alternative` and `denied`.
double log_ratio(int64_t total, int64_t bad, double alternative, double denied) {
  return double(bad) * std::log(alternative / denied) +
         double(total - bad) * std::log((1 - alternative) / (1 - denied));
}

/// Smallest and largest baseline rate for which the bound is a rate as well.
std::pair<double, double> feasible_baseline(const Hypothesis& hypothesis) {
  double low = (least_rate - hypothesis.margin) / hypothesis.ratio;
  double high = (1 - least_rate - hypothesis.margin) / hypothesis.ratio;
  return {inner_rate(low), inner_rate(high)};
}

}  // namespace

bool is_claimed(const Hypothesis& hypothesis, Rates alternative) {
  double bound = hypothesis.ratio * alternative.baseline + hypothesis.margin;
  return hypothesis.exceeds ? alternative.canary > bound : alternative.canary < bound;
}

Rates closest_denied(double canary_total, double baseline_total, Rates alternative,
                     const Hypothesis& hypothesis) {
  if (hypothesis.ratio == 0) return {bound_at(hypothesis, 0), alternative.baseline};
  auto [least, most] = feasible_baseline(hypothesis);
  // Where the canary's rate would lie on the bound.
  double meet = (alternative.canary - hypothesis.margin) / hypothesis.ratio;
  double low = std::clamp(std::min(alternative.baseline, meet), least, most);
  double high = std::clamp(std::max(alternative.baseline, meet), least, most);
  for (int i = 0; i < halvings; ++i) {
    double baseline = (low + high) / 2;
    double canary = hypothesis.ratio * baseline + hypothesis.margin;
    // The slope of the divergence along the bound, times what is positive anyway: a division would cost more.
    double slope = canary_total * hypothesis.ratio * (canary - alternative.canary) * (baseline * (1 - baseline)) +
                   baseline_total * (baseline - alternative.baseline) * (canary * (1 - canary));
    // Two conditional moves: the sign is a coin toss that no branch predictor learns.
    high = slope > 0 ? baseline : high;
    low = slope > 0 ? low : baseline;
  }
  double baseline = (low + high) / 2;
  return {bound_at(hypothesis, baseline), baseline};
}

double block_log_e(const Block& block, Rates alternative, const Hypothesis& hypothesis) {
  ROLLOUT_CHECK(0 <= block.canary_bad && block.canary_bad <= block.canary_total,
                "bad canary requests are requests");
  ROLLOUT_CHECK(0 <= block.baseline_bad && block.baseline_bad <= block.baseline_total,
                "bad baseline requests are requests");
  bool one_sample = hypothesis.ratio == 0;
  if (block.canary_total == 0 || (block.baseline_total == 0 && !one_sample)) return 0;
  alternative = {inner_rate(alternative.canary), inner_rate(alternative.baseline)};
  // Without this guard an alternative on the wrong side of the bound would win money from an honest canary.
  if (!is_claimed(hypothesis, alternative)) return 0;
  Rates denied =
      closest_denied(double(block.canary_total), double(block.baseline_total), alternative, hypothesis);
  double log_e = log_ratio(block.canary_total, block.canary_bad, alternative.canary, denied.canary);
  if (one_sample) return log_e;
  return log_e + log_ratio(block.baseline_total, block.baseline_bad, alternative.baseline, denied.baseline);
}

double divergence(double a, double b) { return a * std::log(a / b) + (1 - a) * std::log((1 - a) / (1 - b)); }

}  // namespace rollout::judge
