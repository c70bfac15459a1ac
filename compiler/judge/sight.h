// What one claim of harm sees in a number of blocks, exactly where few requests go wrong. For the proofs about gates.
// Pure; for a bet on the truth, with what it costs not to know the truth left to evidence_needed() of power.h.
#pragma once

#include <optional>

#include "compiler/judge/past.h"
#include "compiler/judge/power.h"

namespace rollout::judge {

/// Binomial sums are exact as long as they have at most so many terms; beyond that they are taken as normal.
inline constexpr double max_exact_terms = 250;

/// How many of `requests` go wrong at most, with `probability`, if each does at `rate`. Where the claim compares with
/// this sample, its own chance is against the claim.
FixedSample unlucky_sample(double requests, double rate, double probability);

/// The probability that `hypothesis` is proven at the end of `blocks` when `truth` is so and `needed` log-evidence
/// proves it.
double power_of(const Hypothesis& hypothesis, const Traffic& traffic, Rates truth, double blocks, double needed);

/// A claim of harm over some blocks. The first arm rises by `dilution` of what the version rises by: its share, where
/// the arm is the whole service.
struct Sight {
  Hypothesis hypothesis;
  Traffic traffic;
  double blocks = 0;
  double needed = 0;
  double power = usual_power;
  double dilution = 1;
};

/// Whether a rise of the version's rate by `rise` is proven with the wanted power.
bool sees(const Sight& sight, double rise);
/// The smallest such rise, to a thousandth of itself; nothing: not even that to 100%.
std::optional<double> smallest_rise(const Sight& sight);

}  // namespace rollout::judge
