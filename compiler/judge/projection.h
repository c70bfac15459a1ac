// The bet on one block: how much likelier its counts are under a chosen alternative than under the closest
// point of what the claim denies. For evidence.cpp and power.cpp; pure, every result finite.
// Always true: under every point of the denied set the expected value of exp(block_log_e) is at most 1,
// whatever p_b does from block to block. That is what makes looking at any time free.
#pragma once

#include "compiler/judge/block.h"

namespace rollout::judge {

/// True when `alternative` lies on the claimed side of the bound, so that a bet on it can win.
bool is_claimed(const Hypothesis& hypothesis, Rates alternative);

/// The point on the bound that is closest to `alternative`: least total Kullback-Leibler divergence,
/// each arm weighted by its number of requests.
Rates closest_denied(double canary_total, double baseline_total, Rates alternative,
                     const Hypothesis& hypothesis);

/// Log of the block's e-value for a bet on `alternative`, which was fixed before the block was seen.
/// 0 when the block says nothing: an empty arm, or an alternative that the claim does not cover.
double block_log_e(const Block& block, Rates alternative, const Hypothesis& hypothesis);

/// a*ln(a/b) + (1-a)*ln((1-a)/(1-b)), for rates strictly between 0 and 1.
double divergence(double a, double b);

}  // namespace rollout::judge
