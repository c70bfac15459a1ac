// What a test gives by time or by phase: a process that dies at a moment or as a phase begins; and what the simulated
// world says of it afterwards.
#include <catch2/catch.hpp>

#include "runtime/sim/simulate_promotion.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::Scenario;
using sim::SimResult;

TEST_CASE("a run survives the death of its process at any moment") {
  plan::Plan plan = canary_plan();
  SimResult quiet = run(plan, {});
  for (int64_t at = 0; at <= quiet.run_ns; at += second) {
    INFO(at / second);
    Scenario scenario;
    scenario.crash_at_ns = {at};
    SimResult result = run(plan, scenario);
    CHECK(result.outcome == Outcome::Succeeded);
    CHECK(result.ledger.size() == quiet.ledger.size());
    if (at == quiet.run_ns) continue;
    CHECK(result.died_at_ns == scenario.crash_at_ns);
    CHECK(result.processes == 2);
    // What was held since the last sample is held again.
    constexpr int64_t sample = 5 * second;
    CHECK(result.run_ns >= quiet.run_ns + scenario.downtime_ns);
    CHECK(result.run_ns <= quiet.run_ns + scenario.downtime_ns + sample);
  }
}

TEST_CASE("a process that dies in a hold without gates takes no more than a minute of it along") {
  plan::Plan plan = ungated_plan();
  SimResult quiet = run(plan, {});
  for (int64_t at = 10 * second; at < quiet.run_ns; at += 35 * second) {
    INFO(at / second);
    Scenario scenario;
    scenario.crash_at_ns = {at};
    SimResult result = run(plan, scenario);
    CHECK(result.outcome == Outcome::Succeeded);
    CHECK(result.run_ns >= quiet.run_ns + scenario.downtime_ns);
    CHECK(result.run_ns <= quiet.run_ns + scenario.downtime_ns + minute);
  }
}

TEST_CASE("moments without a process are not moments of death") {
  plan::Plan plan = canary_plan();
  Scenario scenario;
  scenario.crash_at_ns = {30 * second, 33 * second, 40 * second, 90 * minute};
  SimResult result = run(plan, scenario);
  CHECK(result.died_at_ns == std::vector<int64_t>{30 * second, 40 * second});
  CHECK(result.processes == 3);
  CHECK(result.outcome == Outcome::Succeeded);
}

TEST_CASE("a process dies as each phase begins, in good runs and in bad ones") {
  plan::Plan plan = canary_plan();
  for (bool bad : {false, true})
    for (uint32_t phase = 0; phase < plan.phases.size(); ++phase) {
      INFO(plan.phases[phase].name);
      Scenario scenario;
      if (bad) scenario.truths = {errors(plan::Role::Canary, 20)};
      SimResult quiet = run(plan, scenario);
      scenario.crash_in_phase = {{phase}};
      SimResult result = run(plan, scenario);
      REQUIRE(result.witnessed.crashes.size() == 1);
      bool entered = result.witnessed.crashes[0] == 1;
      CHECK((bad || entered));
      CHECK(result.processes == (entered ? 2 : 1));
      CHECK(result.outcome == quiet.outcome);
      CHECK(result.ledger.size() == quiet.ledger.size());
    }
}

TEST_CASE("the world says which of what was scripted came about") {
  plan::Plan plan = approval_plan(plan::Unapproved::Park);
  Scenario scenario;
  scenario.answers = {{"anna", minute}, {"ben", 2 * minute}, {"zoe", minute}};
  scenario.faults = {fault(sim::FaultKind::FailAction, "shift", 1), fault(sim::FaultKind::FailAction, "nothing", 1)};
  scenario.abort_at_ns = 10 * 24 * 60 * minute;
  SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(result.witnessed.answers == std::vector<int64_t>{1, 1, 0});
  CHECK(result.witnessed.faults == std::vector<int64_t>{1, 0});
  CHECK_FALSE(result.witnessed.aborted);
}

TEST_CASE("a promotion survives the death of its process in a run and between two") {
  sim::PromotionScript script;
  script.promotion = "ship";
  script.rollout = "release";
  for (const char* environment : {"dev", "production"}) {
    script.stages.push_back({environment, 0, canary_plan(30 * second), {}});
    script.stages.back().plan.environment = environment;
  }
  script.stages[0].soak_ns = 60 * minute;
  script.crash_at_ns = {20 * second, 30 * minute, 62 * minute, 90 * 60 * minute};
  sim::PromotionResult result = sim::simulate_promotion(script);
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(result.died_at_ns == std::vector<int64_t>{20 * second, 30 * minute, 62 * minute});
  CHECK(result.processes == 4);
}

}  // namespace rollout::sim_test
