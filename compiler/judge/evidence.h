// Evidence for one claim about canary and baseline, gathered block by block over a whole run. For the engine's
// gates and for simulation; no clock, no randomness: the same blocks in the same order give the same bits.
// Always true: if the claim is false, the probability that it is ever `proven(c)` is at most 1 - c, however
// often one looks, whatever the phases do, and whatever p_b does from block to block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "compiler/judge/block.h"

namespace rollout::judge {

struct EvidenceOptions {
  int64_t planned_blocks = 0;  ///< 0: unknown; block j then starts with weight 1/(2j(j+1))
  double prior_rate = 0.005;   ///< of the baseline, before anything was seen
  double prior_weight = 200;   ///< how many requests that prior is worth
};

/// One way in which the claim may be true: the canary's rate as odds of the bound, or equal to the baseline.
struct Alternative {
  double odds = 1;
  bool as_baseline = false;
  double weight = 0;  ///< of all alternatives of a claim the weights sum to 1
};

inline constexpr size_t alternative_count = 5;
using Alternatives = std::array<Alternative, alternative_count>;

/// What evidence for `hypothesis` bets on. Fixed before any data; power.h computes with the same.
Alternatives alternatives_of(const Hypothesis& hypothesis);

/// Weight of the bet that the claim became true with block `block` (1-based).
double start_weight(const EvidenceOptions& options, int64_t block);

class Evidence {
 public:
  Evidence(Hypothesis hypothesis, EvidenceOptions options);

  /// Counts of the next interval. A block without requests in a needed arm changes no evidence.
  void add(const Block& block);

  /// Log of the evidence now; 0 before anything is known. May fall again.
  double log_e() const;
  /// True when the claim holds at `confidence` (0.99: false in at most one run of a hundred).
  bool proven(double confidence) const;
  /// Blocks that counted.
  int64_t blocks() const { return gathered_.blocks; }

  /// All that blocks have changed. It depends on their order: totals cannot give it back.
  struct Gathered {
    std::array<double, alternative_count> log_mass;
    double baseline_bad;    ///< discounted counts: the estimate follows the day
    double baseline_total;
    double started = 0;     ///< sum of the start weights spent so far
    int64_t blocks = 0;
  };
  const Gathered& gathered() const { return gathered_; }
  /// Goes on where other evidence for the same hypothesis, with the same options, was.
  void go_on_from(const Gathered& gathered) { gathered_ = gathered; }

 private:
  Hypothesis hypothesis_;
  EvidenceOptions options_;
  Alternatives alternatives_;
  Gathered gathered_;
};

}  // namespace rollout::judge
