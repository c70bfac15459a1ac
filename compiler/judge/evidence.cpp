#include "compiler/judge/evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/base/check.h"
#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

constexpr double discount = 0.97;  // per block; a baseline estimate about 30 blocks old
constexpr double nothing = -std::numeric_limits<double>::infinity();

double log_of_sum(double a, double b) {
  double most = std::max(a, b);
  if (most == nothing) return nothing;
  return most + std::log1p(std::exp(std::min(a, b) - most));
}

}  // namespace

Alternatives alternatives_of(const Hypothesis& hypothesis) {
  // The grid reaches down to 1.2: without it, small regressions under heavy traffic go unseen.
  if (hypothesis.exceeds)
    return {{{1.2, false, 0.2}, {1.5, false, 0.2}, {2, false, 0.2}, {4, false, 0.2}, {10, false, 0.2}}};
  // A canary just as good as the baseline is the case to prove, unless the bound asks for more than that.
  bool equal_is_enough = hypothesis.ratio >= 1 && (hypothesis.ratio > 1 || hypothesis.margin > 0);
  double equal = equal_is_enough ? 0.5 : 0;
  double other = (1 - equal) / 4;
  return {{{1, true, equal},
           {1 / 1.5, false, other},
           {1 / 2.0, false, other},
           {1 / 4.0, false, other},
           {1 / 10.0, false, other}}};
}

double start_weight(const EvidenceOptions& options, int64_t block) {
  double j = double(block);
  if (options.planned_blocks == 0) return 1 / (2 * j * (j + 1));
  if (block == 1) return 0.5;
  return block <= options.planned_blocks ? 0.5 / double(options.planned_blocks - 1) : 0;
}

Evidence::Evidence(Hypothesis hypothesis, EvidenceOptions options)
    : hypothesis_(hypothesis),
      options_(options),
      alternatives_(alternatives_of(hypothesis)),
      gathered_{{}, options.prior_rate * options.prior_weight, options.prior_weight} {
  ROLLOUT_CHECK(std::isfinite(hypothesis.ratio) && hypothesis.ratio >= 0 && std::isfinite(hypothesis.margin),
                "a bound is a line over the baseline's rate");
  ROLLOUT_CHECK(options.prior_weight > 0 && options.prior_rate >= 0 && options.prior_rate <= 1,
                "the prior is a rate with a weight");
  ROLLOUT_CHECK(options.planned_blocks >= 0, "a number of blocks is not negative");
  gathered_.log_mass.fill(nothing);
}

void Evidence::add(const Block& block) {
  auto& [log_mass, baseline_bad, baseline_total, started, blocks] = gathered_;
  bool informs = block.canary_total > 0 && (block.baseline_total > 0 || hypothesis_.ratio == 0);
  if (informs) {
    ++blocks;
    double weight = start_weight(options_, blocks);
    started += weight;
    double baseline = inner_rate(baseline_bad / baseline_total);
    double bound = bound_at(hypothesis_, baseline);
    for (size_t i = 0; i < alternative_count; ++i) {
      const Alternative& bet = alternatives_[i];
      Rates rates{bet.as_baseline ? baseline : scale_odds(bound, bet.odds), baseline};
      log_mass[i] = log_of_sum(log_mass[i], std::log(weight)) + block_log_e(block, rates, hypothesis_);
    }
  }
  // After the bets: an estimate that had seen this block would be no bet.
  if (block.baseline_total > 0) {
    ROLLOUT_CHECK(0 <= block.baseline_bad && block.baseline_bad <= block.baseline_total,
                  "bad baseline requests are requests");
    baseline_bad = discount * baseline_bad + double(block.baseline_bad);
    baseline_total = discount * baseline_total + double(block.baseline_total);
  }
}

double Evidence::log_e() const {
  double unstarted = std::max(0.0, 1 - gathered_.started);
  double sum = std::log(unstarted);
  for (size_t i = 0; i < alternative_count; ++i)
    sum = log_of_sum(sum, std::log(alternatives_[i].weight) + gathered_.log_mass[i]);
  return sum;
}

bool Evidence::proven(double confidence) const {
  ROLLOUT_CHECK(confidence >= 0 && confidence < 1, "a confidence is below 1");
  return gathered_.blocks > 0 && log_e() >= -std::log1p(-confidence);
}

}  // namespace rollout::judge
