// compiler/judge: the edges of its inputs, both directions of a claim, and its promise about false alarms.
#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/judge/evidence.h"
#include "compiler/judge/power.h"
#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

/// The share of `runs` in which the claim is proven at some look, for true rates that `rates_at(block)` gives.
template <typename RatesAt>
double share_proven(Hypothesis claim, Block totals, double confidence, int runs, int64_t blocks, uint32_t seed,
                    const RatesAt& rates_at) {
  std::mt19937_64 random(seed);
  int proven = 0;
  for (int run = 0; run < runs; ++run) {
    Evidence evidence(claim, {blocks, rates_at(0).baseline, 2000});
    for (int64_t i = 0; i < blocks; ++i) {
      Rates rates = rates_at(i);
      Block block = totals;
      block.canary_bad = std::binomial_distribution<int64_t>(totals.canary_total, rates.canary)(random);
      if (totals.baseline_total > 0)
        block.baseline_bad = std::binomial_distribution<int64_t>(totals.baseline_total, rates.baseline)(random);
      evidence.add(block);
      if (evidence.proven(confidence)) {
        ++proven;
        break;
      }
    }
  }
  return double(proven) / runs;
}

/// Three standard deviations above alpha: what a correct judge exceeds once in a thousand seeds.
double allowed(double alpha, int runs) { return alpha + 3 * std::sqrt(alpha * (1 - alpha) / runs); }

constexpr Hypothesis worse{1.1, 0.0005, true};
constexpr Hypothesis harmless{1, 0.01, false};

}  // namespace

TEST_CASE("a block without requests in a needed arm is no evidence") {
  Evidence evidence(worse, {});
  evidence.add({});
  evidence.add({1000, 900, 0, 0});
  evidence.add({0, 0, 1000, 3});
  CHECK(evidence.blocks() == 0);
  CHECK(evidence.log_e() == 0);
  CHECK_FALSE(evidence.proven(0.5));
  CHECK_FALSE(evidence.proven(0));
}

TEST_CASE("the baseline is learnt from blocks in which the canary has no traffic yet") {
  EvidenceOptions wrong_prior{10, 0.5, 200};
  Evidence fresh(worse, wrong_prior), informed(worse, wrong_prior);
  for (int i = 0; i < 20; ++i) informed.add({0, 0, 10000, 50});
  for (int i = 0; i < 5; ++i) {
    fresh.add({500, 15, 10000, 50});
    informed.add({500, 15, 10000, 50});
  }
  CHECK(informed.log_e() > fresh.log_e());
}

TEST_CASE("no counts make the evidence anything but a number") {
  constexpr int64_t huge = int64_t{1} << 60;
  const Block extremes[] = {{1, 0, 1, 0},
                            {1, 1, 1, 1},
                            {1, 1, 1, 0},
                            {1, 0, 1, 1},
                            {huge, huge, huge, 0},
                            {huge, 0, huge, huge},
                            {huge, huge, huge, huge},
                            {huge, 0, huge, 0},
                            {1, 1, huge, 0},
                            {huge, huge / 2, 1, 0},
                            {huge, 1, huge, 1}};
  const Hypothesis claims[] = {worse,           harmless,         {0, 0.01, true}, {0, 0.01, false},
                               {1, 0, false},   {0.5, 0, true},   {100, 0, true},  {1, 2, true},
                               {1, -2, true},   {0, 0, true},     {0, 1, false},   {1, -0.01, true},
                               {0.5, 0, false}, {100, 0.5, false}};
  for (const Hypothesis& claim : claims)
    for (double prior : {0.0, 1e-12, 0.5, 1.0}) {
      Evidence evidence(claim, {3, prior, 1});
      for (int round = 0; round < 40; ++round)
        for (const Block& block : extremes) {
          evidence.add(block);
          CAPTURE(claim.ratio, claim.margin, claim.exceeds, prior, round);
          REQUIRE_FALSE(std::isnan(evidence.log_e()));
          REQUIRE(evidence.log_e() < std::numeric_limits<double>::infinity());
        }
    }
}

TEST_CASE("a bet on the wrong side of the bound wins nothing") {
  CHECK(block_log_e({1000, 0, 1000, 900}, {0.01, 0.02}, worse) == 0);
  CHECK(block_log_e({1000, 900, 1000, 0}, {0.5, 0.02}, harmless) == 0);
}

TEST_CASE("the expected e-value of a block is at most one everywhere in what the claim denies") {
  // Exact summation over all outcomes of a small block, over a grid of denied rates.
  constexpr int64_t n = 12;
  auto binomial = [](int64_t k, double p) {
    return std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(double(n - k) + 1)) *
           std::pow(p, double(k)) * std::pow(1 - p, double(n - k));
  };
  struct Case { Hypothesis claim; Rates bet; };
  for (const Case& c :
       {Case{{1.5, 0.05, true}, {0.6, 0.2}}, Case{{1, 0, true}, {0.3, 0.1}}, Case{{0, 0.2, true}, {0.4, 0.1}},
        Case{{1, 0.2, false}, {0.2, 0.2}}, Case{{0.5, 0, false}, {0.05, 0.4}}}) {
    std::vector<double> e;
    for (int64_t xc = 0; xc <= n; ++xc)
      for (int64_t xb = 0; xb <= n; ++xb) e.push_back(std::exp(block_log_e({n, xc, n, xb}, c.bet, c.claim)));
    for (double pb = 0.02; pb < 1; pb += 0.07)
      for (double pc = 0.02; pc < 1; pc += 0.07) {
        if (is_claimed(c.claim, {pc, pb})) continue;
        double mean = 0;
        for (int64_t xc = 0; xc <= n; ++xc)
          for (int64_t xb = 0; xb <= n; ++xb)
            mean += binomial(xc, pc) * binomial(xb, pb) * e[size_t(xc * (n + 1) + xb)];
        CAPTURE(c.claim.ratio, c.claim.margin, c.claim.exceeds, pc, pb);
        CHECK(mean <= 1 + 1e-9);
      }
  }
}

TEST_CASE("false alarms stay within alpha exactly at the boundary, looking at every block") {
  constexpr double alpha = 0.05;
  constexpr int runs = 3000;
  double base = 0.01, bound = worse.ratio * base + worse.margin;
  CHECK(share_proven(worse, {600, 0, 6000, 0}, 1 - alpha, runs, 40, 1, [&](int64_t) {
          return Rates{bound, base};
        }) <= allowed(alpha, runs));
  // Incidents that both arms share must not look like the canary's fault.
  auto incident = [&](int64_t i) {
    double rate = i % 7 < 2 ? 0.2 : base;
    return Rates{worse.ratio * rate + worse.margin, rate};
  };
  CHECK(share_proven(worse, {600, 0, 6000, 0}, 1 - alpha, runs, 40, 2, incident) <= allowed(alpha, runs));
}

TEST_CASE("false passes stay within alpha for a canary just bad enough to be refused") {
  constexpr double alpha = 0.05;
  constexpr int runs = 3000;
  auto harmful = [](int64_t) { return Rates{0.015 + 1e-6, 0.005}; };
  CHECK(share_proven(harmless, {600, 0, 6000, 0}, 1 - alpha, runs, 40, 3, harmful) <= allowed(alpha, runs));
}

TEST_CASE("one sample against a constant keeps alpha, and sees what is there") {
  constexpr double alpha = 0.05;
  constexpr int runs = 3000;
  Hypothesis above{0, 0.02, true}, below{0, 0.02, false};
  Block totals{500, 0, 0, 0};
  auto at = [](double rate) { return [rate](int64_t) { return Rates{rate, 0.005}; }; };
  CHECK(share_proven(above, totals, 1 - alpha, runs, 40, 4, at(0.02)) <= allowed(alpha, runs));
  CHECK(share_proven(below, totals, 1 - alpha, runs, 40, 5, at(0.02 + 1e-6)) <= allowed(alpha, runs));
  CHECK(share_proven(above, totals, 0.99, 200, 40, 6, at(0.04)) > 0.99);
  CHECK(share_proven(below, totals, 0.99, 200, 40, 7, at(0.005)) > 0.99);
}

TEST_CASE("the power that is promised is the power that is simulated") {
  struct Case { Traffic traffic; int64_t blocks; };
  for (const Case& c :
       {Case{{600, 11400, 0.005}, 15}, Case{{60, 60, 0.02}, 30}, Case{{120, 11880, 0.005}, 5}}) {
    std::optional<double> effect = smallest_effect(worse, c.traffic, double(c.blocks), 0.99);
    REQUIRE(effect);
    double base = c.traffic.baseline_rate;
    double power =
        share_proven(worse, {int64_t(c.traffic.canary_per_block), 0, int64_t(c.traffic.baseline_per_block), 0},
                     0.99, 600, c.blocks, 8, [&](int64_t) {
                       return Rates{base + *effect, base};
                     });
    CAPTURE(base, *effect, c.blocks);
    CHECK(power >= 0.78);
    CHECK(power <= 0.95);
    std::optional<double> blocks = blocks_to_prove(worse, c.traffic, base + *effect, 0.99);
    REQUIRE(blocks);
    CHECK(*blocks == Approx(double(c.blocks)).epsilon(1e-6));
  }
}

TEST_CASE("an equally good canary passes about when it was promised") {
  Traffic traffic{120, 11880, 0.005};
  std::optional<double> blocks = blocks_to_pass(harmless, traffic, 0.95);
  REQUIRE(blocks);
  auto equal = [](int64_t) { return Rates{0.005, 0.005}; };
  auto passed_by = [&](double part) {
    return share_proven(harmless, {120, 0, 11880, 0}, 0.95, 1000, int64_t(std::ceil(*blocks * part)), 9, equal);
  };
  CAPTURE(*blocks);
  CHECK(passed_by(0.5) < 0.5);
  CHECK(passed_by(1.25) > 0.5);
  CHECK(passed_by(2) > 0.9);
}

TEST_CASE("a pass bets on equality only where equality is enough") {
  CHECK(alternatives_of(harmless)[0].as_baseline);
  CHECK(alternatives_of(harmless)[0].weight == 0.5);
  CHECK(alternatives_of({1, 0, false})[0].weight == 0);
  CHECK(alternatives_of({0, 0.01, false})[0].weight == 0);
  for (const Hypothesis& claim : {worse, harmless, Hypothesis{0, 0.01, false}}) {
    double sum = 0;
    for (const Alternative& alternative : alternatives_of(claim)) sum += alternative.weight;
    CHECK(sum == Approx(1));
  }
}

TEST_CASE("the projection is the closest point of the bound") {
  std::mt19937_64 random(10);
  std::uniform_real_distribution<double> rate(0.001, 0.999), any(0, 1);
  int tried = 0;
  while (tried < 500) {
    Hypothesis claim{any(random) < 0.2 ? 20 * any(random) : 0.5 + any(random), 0.3 * any(random) - 0.1,
                     any(random) < 0.5};
    Rates bet{rate(random), rate(random)};
    if (!is_claimed(claim, bet)) continue;
    ++tried;
    double canary_total = std::floor(1e4 * any(random)) + 1, baseline_total = std::floor(1e5 * any(random)) + 1;
    auto distance = [&](Rates point) {
      return canary_total * divergence(bet.canary, point.canary) +
             baseline_total * divergence(bet.baseline, point.baseline);
    };
    double found = distance(closest_denied(canary_total, baseline_total, bet, claim));
    CAPTURE(claim.ratio, claim.margin, claim.exceeds, bet.canary, bet.baseline, canary_total, baseline_total);
    for (double y = 0.0005; y < 1; y += 0.001) {
      double canary = claim.ratio * y + claim.margin;
      if (canary > 0 && canary < 1) REQUIRE(found <= distance({canary, y}) * (1 + 1e-9) + 1e-9);
    }
  }
}

TEST_CASE("the start weights never sum to more than one") {
  CHECK(start_weight({}, 1) == Approx(1.0 / 4));
  CHECK(start_weight({}, 2) == Approx(1.0 / 12));
  CHECK(start_weight({10}, 1) == Approx(0.5));
  CHECK(start_weight({10}, 10) == Approx(0.5 / 9));
  CHECK(start_weight({10}, 11) == 0);
  CHECK(start_weight({1}, 2) == 0);
  for (int64_t planned : {0, 1, 2, 100}) {
    double sum = 0;
    for (int64_t i = 1; i <= 10000; ++i) sum += start_weight({planned}, i);
    CAPTURE(planned);
    CHECK(sum <= 1 + 1e-12);
  }
}

TEST_CASE("what cannot be seen is reported as such") {
  CHECK_FALSE(smallest_effect(worse, {1, 1, 0.005}, 1, 0.99));
  CHECK_FALSE(smallest_effect(worse, {0, 100, 0.005}, 100, 0.99));
  CHECK_FALSE(blocks_to_prove(worse, {100, 100, 0.005}, 0.005, 0.99));
  CHECK_FALSE(blocks_to_pass({1, 0, false}, {100, 100, 0.005}, 0.99));
}

TEST_CASE("the same blocks give the same bits") {
  Evidence one(worse, {}), two(worse, {});
  for (int64_t i = 0; i < 50; ++i) {
    Block block{500 + i, i % 9, 5000 + i, 20 + i % 11};
    one.add(block);
    two.add(block);
    REQUIRE(one.log_e() == two.log_e());
  }
}

}  // namespace rollout::judge
