// What makes one simulated run differ from another: chance, signals that wander, and a load that changes.
#include <cmath>

#include <catch2/catch.hpp>

#include "runtime/sim/traffic.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using plan::Role;
using sim::Scenario;

namespace {

/// What a look every five seconds reads.
std::vector<double> read(const Scenario& scenario, plan::Term term, int samples) {
  plan::Plan plan = canary_plan();
  sim::Traffic traffic(plan, scenario);
  sim::Split half{eval::percent_all / 2, 0, 0};
  std::vector<double> values;
  for (int i = 1; i <= samples; ++i) {
    traffic.pass((i - 1) * 5 * second, i * 5 * second, {half});
    values.push_back(traffic.read(term, half, i * 5 * second).value);
  }
  return values;
}

/// Of each value with the one so many looks before.
double correlation(const std::vector<double>& a, const std::vector<double>& b, size_t lag) {
  double n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = lag; i < a.size(); ++i) {
    double x = a[i], y = b[i - lag];
    n += 1, sa += x, sb += y, aa += x * x, bb += y * y, ab += x * y;
  }
  return (n * ab - sa * sb) / std::sqrt((n * aa - sa * sa) * (n * bb - sb * sb));
}

constexpr int looks = 4000;
const plan::Term canary_latency{latency, Role::Canary, 990'000'000}, stable_latency{latency, Role::Stable, 990'000'000};

}  // namespace

TEST_CASE("noise has no memory, and what drifts has one of minutes") {
  Scenario noisy, drifting;
  noisy.noisy = drifting.noisy = drifting.drifts = true;
  std::vector<double> chance = read(noisy, canary_latency, looks), wandering = read(drifting, canary_latency, looks);
  CHECK(std::abs(correlation(chance, chance, 1)) < 0.05);
  CHECK(correlation(wandering, wandering, 1) > 0.85);
  CHECK(correlation(wandering, wandering, 12) == Approx(0.37).margin(0.15));  // a minute later
  CHECK(correlation(wandering, wandering, 200) < 0.2);
  // Most of it is what both versions share.
  CHECK(correlation(wandering, read(drifting, stable_latency, looks), 0) > 0.6);
}

TEST_CASE("of a share of nearly all what is missing drifts") {
  Scenario scenario;
  scenario.drifts = true;
  plan::Term term{error_rate, Role::Canary, 0};
  constexpr double one_request = 5e6;  // of the 250 in five seconds
  for (double percent : {100.0, 99.0}) {
    scenario.truths = {errors(Role::All, percent)};
    std::vector<double> shown = read(scenario, term, 400);
    shown.erase(shown.begin());  // the first one has nothing to compare with
    for (double one : shown) CHECK(1e9 - one <= (100 - percent) * 1e7 * 3 + one_request);
  }
}

TEST_CASE("the same seed drifts in the same way, whoever looks and how often") {
  Scenario scenario;
  scenario.noisy = scenario.drifts = true;
  scenario.seed = 11;
  CHECK(read(scenario, canary_latency, 50) == read(scenario, canary_latency, 50));
  std::string first = sim::timeline_hash(run(canary_plan(), scenario));
  CHECK(sim::timeline_hash(run(canary_plan(), scenario)) == first);
  scenario.seed = 12;
  CHECK(sim::timeline_hash(run(canary_plan(), scenario)) != first);
}

TEST_CASE("a load changes over time, and comes again") {
  Scenario scenario;
  scenario.loads = {{0, {{0, 100e6}, {10 * second, 20e6}}, 20 * second, 5 * second}};
  plan::Plan plan = canary_plan();
  sim::Traffic traffic(plan, scenario);
  plan::Term all{error_rate, Role::All, 0};
  traffic.read(all, {}, 0);
  // It starts five seconds into its twenty: five of the first rate, ten of the second, and the first again.
  int64_t expected[] = {500, 100, 100, 500, 500, 100};
  for (int i = 0; i < 6; ++i) {
    traffic.pass(i * 5 * second, (i + 1) * 5 * second, {{}});
    CHECK(traffic.read(all, {}, (i + 1) * 5 * second).total == expected[i]);
  }
}

}  // namespace rollout::sim_test
