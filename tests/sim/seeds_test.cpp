// Random worlds: every seed draws truths, faults, crashes and an abort, and every invariant must hold in each run.
// The options of seeds.h say how many are tried and where they begin; a failing seed is named.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

namespace {

sim::Scenario random_scenario(uint64_t seed) { return random_world(canary_plan(), seed, random_span); }

}  // namespace

TEST_CASE("no seed breaks an invariant") {
  int64_t first = seeds().first;
  int64_t count = seeds().count;
  int64_t ends[3] = {0, 0, 0};
  int failures = 0;
  for (int64_t seed = first; seed < first + count && failures < 5; ++seed) {
    sim::SimResult result =
        sim::run_simulation(random_plan(uint64_t(seed)), random_scenario(uint64_t(seed)));
    for (const std::string& violation : sim::texts_of(result.violations))
      UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
    CHECK(result.violations.empty());
    failures += result.violations.empty() ? 0 : 1;
    if (result.outcome) ++ends[size_t(*result.outcome)];
  }
  WARN(fmt::format("{} seeds: {} succeeded, {} rolled back, {} parked", count, ends[0], ends[1],
                   ends[2]));
  if (count >= 1000) {
    CHECK(ends[0] > count / 20);
    CHECK(ends[1] > count / 20);
    CHECK(ends[2] > 0);
  }
}

TEST_CASE("every seed can be replayed to the bit") {
  for (uint64_t seed = 1; seed <= 50; ++seed)
    CHECK(sim::timeline_hash(sim::run_simulation(random_plan(seed), random_scenario(seed))) ==
          sim::timeline_hash(sim::run_simulation(random_plan(seed), random_scenario(seed))));
}

}  // namespace rollout::sim_test
