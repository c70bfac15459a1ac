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
    CHECK(sim::timeline_hash(sim::run_simulation(random_plan(seed), random_scenario(seed))) ==
          sim::timeline_hash(sim::run_simulation(random_plan(seed), random_scenario(seed))));
}

TEST_CASE("every row of every life cycle is walked by some run") {
  exec::Walked walked;
  // What is not idempotent is waited for by a process that takes it over.
  plan::Plan once = canary_plan();
  for (plan::Step& step : once.steps) step.action.once = true, step.action.attempts = 1;
  for (int64_t point = 0; point < 40; ++point) {
    sim::Scenario died;
    died.crash_at = {point};
    walked.act |= sim::run_simulation(once, died).walked.act;
  }
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    sim::SimResult result = sim::run_simulation(random_plan(seed), random_scenario(seed));
    walked.run |= result.walked.run;
    walked.rollback |= result.walked.rollback;
    walked.act |= result.walked.act;
    walked.breaker |= result.walked.breaker;
    walked.pause |= result.walked.pause;
    if (walked.pause.all() && walked.run.all() && walked.rollback.all() && walked.act.all() &&
        walked.breaker.all())
      break;
  }
  // What could not go back is tried again once a person, or here another process, has resumed the run.
  sim::Scenario stuck;
  stuck.truths = {errors(plan::Role::Canary, 20)};
  stuck.faults = {fault(sim::FaultKind::FailAction, "retire", -1)};
  int64_t last = sim::run_simulation(scoped_plan(), stuck).operations;
  for (int64_t point = last - 5; point <= last; ++point) {
    stuck.crash_at = {point};
    walked.rollback |= sim::run_simulation(scoped_plan(), stuck).walked.rollback;
  }
  // So is a part behind a checkpoint that is tried again.
  sim::Scenario again;
  again.truths = {errors(plan::Role::Canary, 20)};
  again.resume_at_ns = {60 * minute};
  walked.rollback |= sim::run_simulation(checkpoint_plan(), again).walked.rollback;
  for (size_t i = 0; i < walked.act.size(); ++i)
    if (!walked.act[i]) UNSCOPED_INFO(fmt::format("act row {} was not walked", i));
  CHECK(walked.act.all());
  CHECK(walked.breaker.all());
  CHECK(walked.pause.all());
  CHECK(walked.run.all());
  CHECK(walked.rollback.all());
}

}  // namespace rollout::sim_test
