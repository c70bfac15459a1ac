// What a gate will be able to see, computed before anything runs: for the plan's proofs and its preview.
// Pure; the same alternatives and weights as Evidence, in normal approximation of the log-evidence.
#pragma once

#include <optional>

#include "compiler/judge/evidence.h"

namespace rollout::judge {

/// Expected requests per block and the baseline's rate: what the gate will live on.
struct Traffic {
  double canary_per_block = 0;
  double baseline_per_block = 0;
  double baseline_rate = 0;
};

/// Probability that a true claim is proven in time; 80% unless the author says otherwise.
inline constexpr double usual_power = 0.8;

/// Mean and variance of the log-evidence that one block brings when `truth` is so, under a bet on the truth.
struct Growth {
  double mean = 0;
  double variance = 0;
};
Growth growth_per_block(const Hypothesis& hypothesis, const Traffic& traffic, Rates truth);

/// Log-evidence that proves the claim at `confidence`: the threshold, and what it costs not to know how large the
/// effect is and when it begins; `start` is the weight of the bet on its beginning, start_weight().
double evidence_needed(const Hypothesis& hypothesis, double confidence, double start);

/// The z with P(Z <= z) = probability.
double normal_quantile(double probability);

/// The smallest rise of the canary's rate over the baseline's that `hypothesis` (an `exceeds`) detects within
/// `blocks`. Empty when no rise at all is seen.
std::optional<double> smallest_effect(const Hypothesis& hypothesis, const Traffic& traffic, double blocks,
                                      double confidence, double power = usual_power);

/// Blocks until the claim is proven with probability `power`, when the canary's true rate is `canary_rate`.
/// Serves both directions; empty when that rate does not fulfil the claim.
std::optional<double> blocks_to_prove(const Hypothesis& hypothesis, const Traffic& traffic, double canary_rate,
                                      double confidence, double power = usual_power);

/// Expected blocks until a canary just as good as the baseline has passed `hypothesis` (a `<=`).
std::optional<double> blocks_to_pass(const Hypothesis& hypothesis, const Traffic& traffic, double confidence);

/// The same smallest rise for one look at the end with a z test: what looking at any time costs.
double smallest_effect_one_look(const Traffic& traffic, double blocks, double confidence,
                                double power = usual_power);

}  // namespace rollout::judge
