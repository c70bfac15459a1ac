// Random worlds: every seed draws truths, faults, crashes and an abort, and every invariant must hold in each run.
// The options of seeds.h say how many are tried and where they begin; a failing seed is named.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/sim/random.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"
#include "tests/sim/seeds.h"

namespace rollout::sim_test {

using sim::Fault;
using sim::FaultKind;
using sim::Random;
using sim::Scenario;

namespace {

Fault random_fault(Random& random) {
  constexpr FaultKind kinds[] = {FaultKind::FailAction,   FaultKind::LoseReply,
                                 FaultKind::SlowAction,   FaultKind::DieAtOnce,
                                 FaultKind::ObserveError, FaultKind::MetricsError,
                                 FaultKind::MetricsEmpty, FaultKind::RouterReset,
                                 FaultKind::StoreAway,    FaultKind::LoseEffect};
  constexpr const char* actions[] = {"", "deploy", "shift", "promote", "retire", "restore"};
  Fault out;
  out.kind = kinds[random.below(std::size(kinds))];
  out.action = actions[random.below(std::size(actions))];
  out.times = random.chance(0.2) ? -1 : int(1 + random.below(4));
  out.skip = random.chance(0.5) ? 0 : int(random.below(3));
  out.from_ns = random.chance(0.5) ? 0 : random.below(150 * second);
  out.until_ns = random.chance(0.3) ? INT64_MAX : out.from_ns + random.below(60 * second);
  out.delay_ns = random.below(60 * second);
  if (out.kind == FaultKind::StoreAway) out.until_ns = out.from_ns + random.below(60 * second);
  return out;
}

Scenario random_scenario(uint64_t seed) {
  Random random(seed * 7919 + 13);
  Scenario scenario;
  scenario.seed = seed;
  scenario.noisy = random.chance(0.5);
  scenario.settle_ns = random.chance(0.5) ? 0 : random.below(10 * second);
  scenario.downtime_ns = random.below(30 * second);
  if (random.chance(0.4))
    scenario.truths.push_back(
        errors(plan::Role::Canary, double(random.below(200)) / 10, random.below(90 * second)));
  if (random.chance(0.2))
    scenario.truths.push_back(
        errors(plan::Role::Stable, double(random.below(50)) / 10, random.below(90 * second)));
  if (random.chance(0.2))
    scenario.truths.push_back({latency, plan::Role::All, {{random.below(100 * second), 0.9e9}}});
  int64_t faults = 3 + random.below(4);
  for (int64_t i = 0; i < faults; ++i) scenario.faults.push_back(random_fault(random));
  if (random.chance(0.3)) scenario.abort_at_ns = random.below(180 * second);
  if (random.chance(0.2)) scenario.interrupt_at_ns = random.below(150 * second);
  int64_t crashes = random.below(5);
  for (int64_t i = 0; i < crashes; ++i) scenario.crash_at.push_back(random.below(300));
  return scenario;
}

plan::Plan random_plan(uint64_t seed) {
  switch (seed % 8) {
    case 0: return ungated_plan();
    case 1: return canary_plan(20 * second, false);
    case 2: return canary_plan(13 * second, true);
    default: return canary_plan(minute, seed % 2 == 0);
  }
}

}  // namespace

TEST_CASE("no seed breaks an invariant") {
  int64_t first = seeds().first;
  int64_t count = seeds().count;
  int64_t ends[3] = {0, 0, 0};
  int failures = 0;
  for (int64_t seed = first; seed < first + count && failures < 5; ++seed) {
    sim::SimResult result =
        sim::run_simulation(random_plan(uint64_t(seed)), random_scenario(uint64_t(seed)));
    for (const std::string& violation : result.violations)
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
    CHECK(sim::run_simulation(random_plan(seed), random_scenario(seed)).hash ==
          sim::run_simulation(random_plan(seed), random_scenario(seed)).hash);
}

TEST_CASE("every row of every life cycle is walked by some run") {
  exec::Walked walked;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    sim::SimResult result = sim::run_simulation(random_plan(seed), random_scenario(seed));
    walked.run |= result.walked.run;
    walked.rollback |= result.walked.rollback;
    walked.act |= result.walked.act;
    if (walked.run.all() && walked.rollback.all() && walked.act.all()) break;
  }
  for (size_t i = 0; i < walked.act.size(); ++i)
    if (!walked.act[i]) UNSCOPED_INFO(fmt::format("act row {} was not walked", i));
  CHECK(walked.act.all());
  CHECK(walked.run.all());
  CHECK(walked.rollback.all());
}

}  // namespace rollout::sim_test
