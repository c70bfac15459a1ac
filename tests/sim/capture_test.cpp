// What a run reads once, before its first step: it is there before anything begins, it is kept whatever happens, and a
// run that cannot read it changes nothing.
#include <catch2/catch.hpp>

#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Role;
using sim::Scenario;
using sim::SimResult;

namespace {

constexpr double percent = 1e7;  // in ppb

/// canary_plan() whose watch compares the whole service with its last hour, by evidence.
plan::Plan compared_with_the_past() {
  plan::Plan plan = canary_plan(5 * minute, false);
  plan.baselines.push_back({error_rate, 0, 60 * minute, minute, "baseline(1h) error_rate"});
  plan::Condition worse;
  worse.kind = plan::ConditionKind::Reject;
  worse.left = {error_rate, Role::All};
  worse.comparison = plan::Comparison::Greater;
  worse.baseline = 0;
  worse.offset = 0.1 * percent;
  worse.proven_ppb = 990'000'000;
  worse.planned_blocks = 100;
  worse.text = "error_rate > baseline(1h) error_rate + 0.1%";
  plan.gates[0].conditions.push_back(uint32_t(plan.conditions.size()));
  plan.conditions.push_back(worse);
  return plan;
}

Scenario past(double mean_percent) {
  Scenario scenario;
  scenario.past.push_back({error_rate, mean_percent * percent, std::nullopt, false});
  return scenario;
}

const journal::Captured* captured_in(const SimResult& result) {
  const journal::Captured* found = nullptr;
  for (const journal::Event& event : result.events)
    if (const auto* e = std::get_if<journal::Captured>(&event.what)) {
      CHECK(found == nullptr);
      found = e;
    }
  return found;
}

size_t steps_begun(const SimResult& result) {
  size_t count = 0;
  for (const journal::Event& event : result.events) count += std::holds_alternative<journal::StepStarted>(event.what);
  return count;
}

}  // namespace

TEST_CASE("the past is read once, and is what the run compares with") {
  plan::Plan plan = compared_with_the_past();
  Scenario scenario = past(0.05);
  SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  const journal::Captured* captured = captured_in(result);
  REQUIRE(captured != nullptr);
  REQUIRE(captured->baselines.size() == 1);
  CHECK(captured->baselines[0].mean == Approx(0.05 * percent));
  CHECK(captured->baselines[0].parts == 60);
  CHECK(captured->baselines[0].bad == Approx(double(captured->baselines[0].total) * 0.0005).margin(1));
}

TEST_CASE("what is observed at run start is kept beside what the plan saw") {
  plan::Plan plan = canary_plan();
  plan.observed.push_back({"generation(checkout)", eval::Value::of(eval::Value::Kind::Int, 4), "state",
                           plan::Recheck::AtRunStart});
  plan.observed.push_back({"version(checkout, stable)", eval::Value::of(eval::Value::Kind::Image, "shop:1.0"),
                           "target hosts", plan::Recheck::Recorded});
  SimResult result = run(plan, {});
  CHECK(result.outcome == Outcome::Succeeded);
  const journal::Captured* captured = captured_in(result);
  REQUIRE(captured != nullptr);
  REQUIRE(captured->observed.size() == 1);
  CHECK(captured->observed[0].what == "generation(checkout)");
  CHECK(captured->observed[0].number == 4);
  CrashReport report = crash_everywhere(plan, {});
  CHECK(report.failures.empty());
}

TEST_CASE("a service that is worse than its past goes back") {
  plan::Plan plan = compared_with_the_past();
  Scenario scenario = past(0.05);
  scenario.truths.push_back(errors(Role::All, 1, 30 * second));
  SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.cause.find(", baseline ") != std::string::npos);
}

TEST_CASE("without its past a run ends before its first step") {
  plan::Plan plan = compared_with_the_past();
  SECTION("nobody can tell what it was") {
    Scenario scenario;
    scenario.past.push_back({error_rate, std::nullopt, std::nullopt, true});
    SimResult result = run(plan, scenario);
    CHECK(result.outcome == Outcome::RolledBack);
    CHECK(steps_begun(result) == 0);
    CHECK(captured_in(result) == nullptr);
    CHECK(result.cause.find("cannot begin") != std::string::npos);
  }
  SECTION("the source is away for a moment") {
    Scenario scenario = past(0.05);
    sim::Fault away{sim::FaultKind::MetricsError};
    away.until_ns = 12 * second;
    away.times = -1;
    scenario.faults.push_back(away);
    SimResult result = run(plan, scenario);
    CHECK(result.outcome == Outcome::Succeeded);
    CHECK(captured_in(result) != nullptr);
  }
}

TEST_CASE("a crash at any point neither loses the past nor reads it again") {
  plan::Plan plan = compared_with_the_past();
  for (double bad : {0.05, 1.0}) {
    Scenario scenario = past(0.05);
    scenario.truths.push_back(errors(Role::All, bad, 30 * second));
    CrashReport report = crash_everywhere(plan, scenario);
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
    CHECK(report.points > 50);
  }
}

}  // namespace rollout::sim_test
