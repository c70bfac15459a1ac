#include "compiler/judge/power.h"

#include <algorithm>
#include <cmath>

#include "compiler/base/check.h"
#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

constexpr int rate_halvings = 52;  // all the bits of a rate
constexpr double first_block_weight = 0.5;

double logit(double rate) { return std::log(rate / (1 - rate)); }

Rates inner(Rates rates) { return {inner_rate(rates.canary), inner_rate(rates.baseline)}; }

}  // namespace

double normal_quantile(double probability) {
  double low = -10, high = 10;
  for (int i = 0; i < 64; ++i) {
    double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

Growth growth_per_block(const Hypothesis& hypothesis, const Traffic& traffic, Rates truth) {
  bool one_sample = hypothesis.ratio == 0;
  bool silent = traffic.canary_per_block <= 0 || (traffic.baseline_per_block <= 0 && !one_sample);
  if (silent || !is_claimed(hypothesis, truth)) return {};
  double canary_total = traffic.canary_per_block;
  double baseline_total = one_sample ? 0 : traffic.baseline_per_block;
  Rates denied = closest_denied(canary_total, baseline_total, truth, hypothesis);
  double canary_step = logit(truth.canary) - logit(denied.canary);
  double baseline_step = logit(truth.baseline) - logit(denied.baseline);
  return {canary_total * divergence(truth.canary, denied.canary) +
              baseline_total * divergence(truth.baseline, denied.baseline),
          canary_total * truth.canary * (1 - truth.canary) * canary_step * canary_step +
              baseline_total * truth.baseline * (1 - truth.baseline) * baseline_step * baseline_step};
}

double evidence_needed(const Hypothesis& hypothesis, double confidence, double start) {
  ROLLOUT_CHECK(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1");
  double heaviest = 0;
  for (const Alternative& alternative : alternatives_of(hypothesis))
    heaviest = std::max(heaviest, alternative.weight);
  return -std::log1p(-confidence) - std::log(heaviest) - std::log(start);
}

std::optional<double> smallest_effect(const Hypothesis& hypothesis, const Traffic& traffic, double blocks,
                                      double confidence, double power) {
  ROLLOUT_CHECK(hypothesis.exceeds, "a smallest effect belongs to a claim of harm");
  double base = inner_rate(traffic.baseline_rate);
  double z = normal_quantile(power);
  double target = evidence_needed(hypothesis, confidence, first_block_weight);
  auto seen = [&](double canary) {
    Growth growth = growth_per_block(hypothesis, traffic, {canary, base});
    return growth.mean * blocks - z * std::sqrt(growth.variance * blocks) >= target;
  };
  double low = bound_at(hypothesis, base), high = 1 - least_rate;
  if (!seen(high)) return std::nullopt;
  for (int i = 0; i < rate_halvings; ++i) {
    double middle = (low + high) / 2;
    (seen(middle) ? high : low) = middle;
  }
  return (low + high) / 2 - base;
}

std::optional<double> blocks_to_prove(const Hypothesis& hypothesis, const Traffic& traffic, double canary_rate,
                                      double confidence, double power) {
  Growth growth = growth_per_block(hypothesis, traffic, inner({canary_rate, traffic.baseline_rate}));
  if (growth.mean <= 0) return std::nullopt;
  // mean*T - z*sqrt(variance*T) = needed, solved for sqrt(T).
  double spread = normal_quantile(power) * std::sqrt(growth.variance);
  double target = evidence_needed(hypothesis, confidence, first_block_weight);
  double root = (spread + std::sqrt(spread * spread + 4 * growth.mean * target)) / (2 * growth.mean);
  return root * root;
}

std::optional<double> blocks_to_pass(const Hypothesis& hypothesis, const Traffic& traffic, double confidence) {
  ROLLOUT_CHECK(!hypothesis.exceeds, "a pass is a claim of no harm");
  return blocks_to_prove(hypothesis, traffic, traffic.baseline_rate, confidence, 0.5);
}

double smallest_effect_one_look(const Traffic& traffic, double blocks, double confidence, double power) {
  double canary_total = traffic.canary_per_block * blocks, baseline_total = traffic.baseline_per_block * blocks;
  ROLLOUT_CHECK(canary_total > 0 && baseline_total > 0, "one look compares two arms");
  double base = inner_rate(traffic.baseline_rate);
  double z_confidence = normal_quantile(confidence), z_power = normal_quantile(power);
  double low = base, high = 1 - least_rate;
  for (int i = 0; i < rate_halvings; ++i) {
    double canary = (low + high) / 2;
    double pooled = (canary_total * canary + baseline_total * base) / (canary_total + baseline_total);
    double if_equal = std::sqrt(pooled * (1 - pooled) * (1 / canary_total + 1 / baseline_total));
    double if_not = std::sqrt(canary * (1 - canary) / canary_total + base * (1 - base) / baseline_total);
    (canary - base >= z_confidence * if_equal + z_power * if_not ? high : low) = canary;
  }
  return (low + high) / 2 - base;
}

}  // namespace rollout::judge
