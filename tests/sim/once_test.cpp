// Actions that are not idempotent: they are called once for an effect, whatever fails and whoever dies.
#include <catch2/catch.hpp>

#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

/// Every action is called once for an effect.
plan::Plan once(plan::Plan plan) {
  for (plan::Step& step : plan.steps) step.action.once = true, step.action.attempts = 1;
  for (plan::Action& undo : plan.undo) undo.once = true, undo.attempts = 1;
  return plan;
}

Scenario with(FaultKind kind, const char* action, int times) {
  Scenario scenario;
  scenario.faults = {fault(kind, action, times)};
  return scenario;
}

/// How often the world met the only fault: of those that calls meet, how often it was called.
int64_t met(const sim::SimResult& result) { return result.witnessed.faults.at(0); }

}  // namespace

TEST_CASE("a call whose answer is lost is looked for, and found") {
  sim::SimResult result = run(once(canary_plan()), with(FaultKind::LoseReply, "deploy", -1));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(met(result) == 1);
}

TEST_CASE("what may succeed later is called once, and the run goes back") {
  CHECK(met(run(canary_plan(), with(FaultKind::Busy, "shift", 3))) == 3);
  sim::SimResult result = run(once(canary_plan()), with(FaultKind::Busy, "shift", 1));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(met(result) == 1);
  CHECK(result.cause.find("it is not idempotent, so it is not called again: see whether it took effect") !=
        std::string::npos);
}

TEST_CASE("what could not even be looked at used nothing up") {
  plan::Plan plan = commit_plan();
  plan.retry = {3, minute, uint32_t(plan.steps.size() - 2)};
  Scenario blind = with(FaultKind::ObserveError, "promote", -1);
  blind.faults[0].until_ns = 4 * minute;
  CHECK(run(once(plan), blind).outcome == Outcome::Succeeded);
}

TEST_CASE("a retry does not call it again, a person does") {
  plan::Plan plan = commit_plan();
  plan.retry = {3, minute, uint32_t(plan.steps.size() - 2)};
  CHECK(met(run(plan, with(FaultKind::LoseEffect, "promote", -1))) > 3);
  Scenario scenario = with(FaultKind::LoseEffect, "promote", 1);
  sim::SimResult parked = run(once(plan), scenario);
  CHECK(parked.outcome == Outcome::Parked);
  CHECK(met(parked) == 1);
  scenario.resume_at_ns = {60 * minute};
  sim::SimResult resumed = run(once(plan), scenario);
  CHECK(resumed.outcome == Outcome::Succeeded);
  CHECK(met(resumed) == 1);
}

TEST_CASE("a way back calls it once, then parks and says what is not done") {
  Scenario scenario = with(FaultKind::LoseEffect, "retire", -1);
  scenario.truths = {errors(plan::Role::Canary, 20)};
  sim::SimResult result = run(once(canary_plan()), scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(met(result) == 1);
  CHECK(result.detail.find("it is not idempotent") != std::string::npos);
}

TEST_CASE("a process that takes over calls nothing that the one before it may have called") {
  for (const char* action : {"deploy", "shift", "promote", "retire"}) {
    Scenario scenario = with(FaultKind::LoseEffect, action, -1);
    scenario.truths = {errors(plan::Role::Canary, std::string_view(action) == "retire" ? 20 : 0)};
    int64_t operations = run(once(canary_plan()), scenario).operations;
    REQUIRE(operations > 20);
    for (int64_t point = 0; point < operations; ++point) {
      scenario.crash_at = {point};
      sim::SimResult result = run(once(canary_plan()), scenario);
      INFO(action << " at " << point);
      CHECK(met(result) <= 1);
      CHECK(result.outcome.has_value());
    }
  }
}

TEST_CASE("crashes around slow calls and lost answers do nothing twice") {
  for (FaultKind kind : {FaultKind::LoseReply, FaultKind::SlowAction}) {
    Scenario scenario = with(kind, "", -1);
    scenario.settle_ns = 3 * second;
    scenario.faults[0].delay_ns = 5 * second;
    int64_t operations = run(once(canary_plan()), scenario).operations;
    for (int64_t point = 0; point < operations; ++point) {
      scenario.crash_at = {point};
      sim::SimResult result = run(once(canary_plan()), scenario);
      INFO(point);
      for (size_t i = 0; i < result.ledger.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          CHECK((result.ledger[i].step != result.ledger[j].step || result.ledger[i].undo != result.ledger[j].undo));
      CHECK(result.outcome.has_value());
    }
  }
}

}  // namespace rollout::sim_test
