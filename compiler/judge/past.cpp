#include "compiler/judge/past.h"

#include <cmath>

#include "compiler/base/check.h"
#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

constexpr int halvings = 60;

// How much the sample speaks against `rate`, in nats.
double weight_against(const FixedSample& sample, double rate) {
  double seen = double(sample.bad) / double(sample.total);
  if (seen <= 0) return -double(sample.total) * std::log1p(-rate);
  if (seen >= 1) return -double(sample.total) * std::log(rate);
  return double(sample.total) * divergence(seen, rate);
}

// The farthest rate from `seen` towards `end` that the sample speaks against by `limit` at most.
double farthest(const FixedSample& sample, double seen, double end, double limit) {
  double near = seen, far = end;
  for (int i = 0; i < halvings; ++i) {
    double middle = (near + far) / 2;
    bool inside = middle > 0 && middle < 1 && weight_against(sample, middle) <= limit;
    (inside ? near : far) = middle;
  }
  return far;
}

double limit_of(double confidence) {
  ROLLOUT_CHECK(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1");
  return -std::log1p(-confidence);
}

}  // namespace

double highest_rate(const FixedSample& sample, double confidence) {
  double limit = limit_of(confidence);
  if (sample.total <= 0) return 1;
  return farthest(sample, double(sample.bad) / double(sample.total), 1, limit);
}

double lowest_rate(const FixedSample& sample, double confidence) {
  double limit = limit_of(confidence);
  if (sample.total <= 0) return 0;
  return farthest(sample, double(sample.bad) / double(sample.total), 0, limit);
}

double half_confidence(double confidence) { return 1 - (1 - confidence) / 2; }

Hypothesis against_past(const Hypothesis& claim, const FixedSample& past, double confidence) {
  double half = half_confidence(confidence);
  double rate = claim.exceeds ? highest_rate(past, half) : lowest_rate(past, half);
  return {0, claim.ratio * rate + claim.margin, claim.exceeds};
}

}  // namespace rollout::judge
