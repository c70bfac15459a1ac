// Claims against a fixed sample of the past: the limits hold as often as they say, and so do proofs that rest on them.
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/judge/evidence.h"
#include "compiler/judge/past.h"

namespace rollout::judge {

namespace {

double binomial_tail_to(int64_t bad, int64_t total, double rate) {
  double sum = 0;
  for (int64_t k = 0; k <= bad; ++k)
    sum += std::exp(std::lgamma(double(total) + 1) - std::lgamma(double(k) + 1) - std::lgamma(double(total - k) + 1) +
                    double(k) * std::log(rate) + double(total - k) * std::log1p(-rate));
  return sum;
}

}  // namespace

TEST_CASE("the highest rate is one under which so few would have gone wrong with little probability") {
  for (int64_t total : {50, 400, 5000})
    for (int64_t bad : {0, 1, 7, 30}) {
      CAPTURE(total, bad);
      double highest = highest_rate({total, bad}, 0.99), lowest = lowest_rate({total, bad}, 0.99);
      CHECK(binomial_tail_to(bad, total, highest) <= 0.01 + 1e-9);
      if (bad > 0) CHECK(1 - binomial_tail_to(bad - 1, total, lowest) <= 0.01 + 1e-9);
      else CHECK(lowest < 1e-12);
      CHECK(lowest <= double(bad) / double(total));
      CHECK(highest >= double(bad) / double(total));
    }
  CHECK(highest_rate({0, 0}, 0.99) == 1);
  CHECK(lowest_rate({0, 0}, 0.99) == 0);
  // All went wrong: nothing speaks against a rate of 1.
  CHECK(highest_rate({20, 20}, 0.99) == Approx(1));
  // More of the past brings the limit nearer.
  CHECK(highest_rate({1'000'000, 1000}, 0.995) < 0.00112);
}

TEST_CASE("at the boundary of the claim false proofs stay within alpha, looking at every block") {
  constexpr double alpha = 0.05, past_rate = 0.01;
  constexpr int runs = 2000, blocks = 60;
  constexpr int64_t past_total = 20'000, per_block = 500;
  const Hypothesis claim{1, 0.002, true};
  std::mt19937_64 random(4711);
  std::binomial_distribution<int64_t> past(past_total, past_rate), now(per_block, past_rate + claim.margin);
  int proofs = 0;
  for (int run = 0; run < runs; ++run) {
    EvidenceOptions options;
    options.planned_blocks = blocks;
    Evidence evidence(against_past(claim, {past_total, past(random)}, 1 - alpha), options);
    for (int block = 0; block < blocks; ++block) {
      evidence.add({per_block, now(random), 0, 0});
      if (!evidence.proven(half_confidence(1 - alpha))) continue;
      ++proofs;
      break;
    }
  }
  CAPTURE(proofs);
  CHECK(proofs <= runs * alpha);
}

TEST_CASE("what is worse than the past is found, and what is not is shown to be no worse") {
  const FixedSample hour{1'440'000, 720};  // 400/s, 0.05%
  EvidenceOptions options;
  options.planned_blocks = 40;
  Evidence worse(against_past({1, 0.001, true}, hour, 0.99), options);
  Evidence harmless(against_past({1, 0.005, false}, hour, 0.95), options);
  int found = 0, shown = 0;
  for (int block = 1; block <= 40; ++block) {
    worse.add({6000, 30, 0, 0});     // 0.5%
    harmless.add({6000, 3, 0, 0});   // 0.05%
    if (found == 0 && worse.proven(half_confidence(0.99))) found = block;
    if (shown == 0 && harmless.proven(half_confidence(0.95))) shown = block;
  }
  CHECK(found > 0);
  CHECK(found <= 4);
  CHECK(shown > 0);
  CHECK(shown <= 4);
}

}  // namespace rollout::judge
