// Claims against a rate that was counted once, in the past: what the sequential test of evidence.h may be asked where
// the other arm is a fixed sample. For the engine's gates; pure.
// Always true: if the claim is false, the probability that it is ever proven is at most 1 - confidence; what is allowed
// to be wrong is halved between the past, of which only a limit is known, and what is counted from now on.
#pragma once

#include <cstdint>

#include "compiler/judge/block.h"

namespace rollout::judge {

/// Requests of the past, and how many of them went wrong.
struct FixedSample {
  int64_t total = 0;
  int64_t bad = 0;
};

/// The highest and the lowest true rate that `sample` does not speak against: each is passed with a probability of at
/// most 1 - confidence (Chernoff's bound). 1 and 0 where nothing was counted.
double highest_rate(const FixedSample& sample, double confidence);
double lowest_rate(const FixedSample& sample, double confidence);

/// How sure each half must be.
double half_confidence(double confidence);

/// `claim` with a constant bound in the place of the baseline. Proven with half_confidence() it is proven with
/// `confidence`.
Hypothesis against_past(const Hypothesis& claim, const FixedSample& past, double confidence);

}  // namespace rollout::judge
