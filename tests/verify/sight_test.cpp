// Proof 6: power against enumeration and against the engine's own evidence, and conditions that decide nothing.
#include <cmath>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/judge/evidence.h"
#include "compiler/judge/projection.h"
#include "compiler/judge/sight.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using judge::Hypothesis;
using judge::Rates;
using judge::Traffic;
using sim_test::minute;
using sim_test::second;

double binomial(int64_t of, int64_t count, double rate) {
  double n = double(of), k = double(count);
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(rate) +
                  (n - k) * std::log1p(-rate));
}

/// Every pair of counts, each judged by the evidence of one block that holds them all.
double power_by_enumeration(const Hypothesis& claim, const Traffic& traffic, Rates truth, double needed) {
  int64_t canary = int64_t(traffic.canary_per_block), baseline = int64_t(traffic.baseline_per_block);
  if (claim.ratio == 0) baseline = 0;
  double power = 0;
  for (int64_t a = 0; a <= canary; ++a)
    for (int64_t b = 0; b <= baseline; ++b)
      if (judge::block_log_e({canary, a, baseline, b}, truth, claim) >= needed - 1e-9)
        power += binomial(canary, a, truth.canary) * (baseline > 0 ? binomial(baseline, b, truth.baseline) : 1);
  return power;
}

}  // namespace

TEST_CASE("the power of few requests is that of all their outcomes") {
  int64_t cases = 0;
  for (double ratio : {0.0, 1.0, 1.5})
    for (double margin : {0.01, 0.05})
      for (double canary : {20.0, 90.0})
        for (double baseline : {30.0, 120.0})
          for (double rise : {0.1, 0.3, 0.6})
            for (double needed : {3.0, 7.0}) {
              Hypothesis claim{ratio, margin, true};
              Traffic traffic{canary, baseline, 0.02};
              Rates truth{0.02 + rise, 0.02};
              double expected = power_by_enumeration(claim, traffic, truth, needed);
              INFO(fmt::format("{} {} {} {} {} {}", ratio, margin, canary, baseline, rise, needed));
              CHECK(judge::power_of(claim, traffic, truth, 1, needed) == Approx(expected).margin(1e-6));
              ++cases;
            }
  WARN(fmt::format("{} cases agree with enumeration", cases));
}

TEST_CASE("exact power and its approximation meet where requests are many") {
  Hypothesis claim{1, 0.001, true};
  for (double requests : {40'000.0, 60'000.0}) {
    Traffic traffic{requests, requests, 0.001};
    Rates truth{0.0035, 0.001};
    double exact = judge::power_of(claim, traffic, truth, 1, 12);
    judge::Growth growth = judge::growth_per_block(claim, traffic, truth);
    double normal = std::erfc((12 - growth.mean) / std::sqrt(2 * growth.variance)) / 2;
    CHECK(exact == Approx(normal).margin(0.06));
  }
}

TEST_CASE("the smallest rise is seen, and a smaller one is not") {
  for (double share : {0.01, 0.1, 0.5})
    for (double blocks : {20.0, 200.0}) {
      judge::Sight sight{{1, 0.001, true}, {200 * share * 15, 200 * (1 - share) * 15, 0.001}, blocks, 12};
      std::optional<double> rise = judge::smallest_rise(sight);
      REQUIRE(rise);
      CHECK(judge::sees(sight, *rise));
      CHECK_FALSE(judge::sees(sight, 0.9 * *rise));
    }
  judge::Sight silent{{1, 0.001, true}, {0, 100, 0.001}, 20, 12};
  CHECK_FALSE(judge::smallest_rise(silent));
}

TEST_CASE("an unlucky sample is passed as seldom as it says") {
  std::mt19937_64 random(7);
  for (double requests : {500.0, 20'000.0, 2e7}) {
    judge::FixedSample bound = judge::unlucky_sample(requests, 0.001, 0.9);
    std::binomial_distribution<int64_t> counts(int64_t(requests), 0.001);
    int64_t within = 0;
    constexpr int64_t draws = 4000;
    for (int64_t i = 0; i < draws; ++i) within += counts(random) <= bound.bad;
    INFO(requests << ": " << within << " of " << draws);
    CHECK(within >= draws * 89 / 100);
  }
}

// The engine's evidence against a past whose errors are drawn by chance, and against requests of now drawn so.
TEST_CASE("a rise beside the past is proven as often as its power says") {
  std::mt19937_64 random(11);
  constexpr int64_t runs = 400;
  constexpr int blocks = 40;
  for (double per_block : {200.0, 3000.0}) {
    double past_requests = per_block * 4 * 60, power = 0.9;
    Hypothesis written{1, 0.001, true};
    Hypothesis claim = judge::against_past(written, judge::unlucky_sample(past_requests, 0.001, power), 0.99);
    double needed = judge::evidence_needed(claim, judge::half_confidence(0.99), 0.5 / (blocks - 1));
    judge::Sight sight{claim, {per_block, 0, 0.001}, blocks, needed, power};
    std::optional<double> rise = judge::smallest_rise(sight);
    REQUIRE(rise);
    std::binomial_distribution<int64_t> past_bad(int64_t(past_requests), 0.001),
        bad(int64_t(per_block), 0.001 + *rise);
    int64_t proven = 0;
    for (int64_t i = 0; i < runs; ++i) {
      judge::FixedSample past{int64_t(past_requests), past_bad(random)};
      judge::Evidence evidence(judge::against_past(written, past, 0.99), {blocks});
      for (int block = 0; block < blocks && !evidence.proven(judge::half_confidence(0.99)); ++block)
        evidence.add({int64_t(per_block), bad(random), 0, 0});
      proven += evidence.proven(judge::half_confidence(0.99));
    }
    WARN(fmt::format("+{:.3f}% beside the past, {} requests a sample: {} of {} runs prove it", 100 * *rise, per_block,
                     proven, runs));
    CHECK(proven * 10 >= runs * 8);
  }
}

TEST_CASE("false alarms are the sum over the conditions that are proven, however often they are looked at") {
  plan::Plan plan = sim_test::canary_plan();
  CHECK(prove(plan).facts.false_alarm_ppb == eval::percent_one);
  plan.conditions[1].proven_ppb = 950'000'000;
  CHECK(prove(plan).facts.false_alarm_ppb == 6 * eval::percent_one);
  plan.gates[0].conditions = {1, 2};
  CHECK(prove(plan).facts.false_alarm_ppb == 5 * eval::percent_one);
  plan.gates[0].conditions = {2};
  CHECK(!prove(plan).facts.false_alarm_ppb);
}

// A healthy version at the very edge of what is tolerated, judged at every sample of a long run.
TEST_CASE("a version at the edge of what is tolerated goes back no more often than the false alarms say") {
  std::mt19937_64 random(13);
  constexpr int64_t runs = 400, samples = 120;
  int64_t alarms = 0;
  for (int64_t run = 0; run < runs; ++run) {
    judge::Evidence evidence({1, 0.005, true}, {samples});
    std::binomial_distribution<int64_t> canary(2000, 0.010), stable(2000, 0.005);
    bool proven = false;
    for (int64_t i = 0; i < samples && !proven; ++i) {
      evidence.add({2000, canary(random), 2000, stable(random)});
      proven = evidence.proven(0.95);
    }
    alarms += proven;
  }
  WARN(fmt::format("{} of {} runs of {} looks alarm; at most 5% may", alarms, runs, samples));
  CHECK(alarms * 100 <= runs * 5);
}

// Rates are made in two ways, and a request more or less moves the smallest rise by one step of the search.
TEST_CASE("the recheck takes what gates see as near as it is sought") {
  int plans = 0;
  for (int64_t share = 1; share <= 50; ++share)
    for (int64_t hold = 60; hold < 660; hold += 7, ++plans) {
      plan::Plan plan = sim_test::canary_plan(hold * sim_test::second, false);
      plan.services[0].traffic_uhz = 5'000'000'000;
      plan.steps[1].action.sets[0].value.number = share * eval::percent_one;
      plan.gates[0].sample_ns = 15 * sim_test::second;
      plan.gates[0].harm_ppb = 2 * eval::percent_one;
      plan.gates[0].harm_of = plan.conditions[0].left;
      plan.facts = prove(plan).facts;
      INFO(share << "% for " << hold << " s");
      for (const std::string& broken : recheck(plan)) CHECK(broken.find(" see") == std::string::npos);
    }
  WARN(fmt::format("{} plans", plans));
}

}  // namespace rollout::verify
