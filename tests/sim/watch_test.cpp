// Watches with evidence: they fire when they are sure, on what was seen in their own scope, and on nothing else. And
// the control, with which a canary is compared.
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

template <typename Event>
std::vector<Event> all(const SimResult& result) {
  std::vector<Event> out;
  for (const journal::Event& event : result.events)
    if (const Event* e = std::get_if<Event>(&event.what)) out.push_back(*e);
  return out;
}

void require_clean(const CrashReport& report) {
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
  CHECK(report.points > 20);
}

Scenario canary_errs(double percent, int64_t from_ns = 0) {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, percent, from_ns)};
  return scenario;
}

}  // namespace

TEST_CASE("a watch that proves takes a bad canary back, and leaves a good one alone") {
  CHECK(run(watched_plan(), {}).outcome == Outcome::Succeeded);
  SimResult bad = run(watched_plan(), canary_errs(5));
  CHECK(bad.outcome == Outcome::RolledBack);
  REQUIRE(all<journal::WatchFired>(bad).size() == 1);
  CHECK(all<journal::WatchFired>(bad)[0].detail.find("proven 99%") != std::string::npos);
  CHECK(all<journal::RollbackStarted>(bad).at(0).cause == journal::Cause::Watch);
}

TEST_CASE("what a watch has seen in one hold counts in the next one") {
  plan::Plan plan = watched_plan();
  plan.steps[3].action.sets[0].value.number = 5 * eval::percent_one;
  // Too little in each of the two holds, and not too little in both.
  SimResult both = run(plan, canary_errs(1));
  CHECK(both.outcome == Outcome::RolledBack);
  CHECK(both.phase == 1);
  plan.watches[0].last_step = 2;
  CHECK(run(plan, canary_errs(1)).outcome == Outcome::Succeeded);
  plan.watches[0].first_step = 3;
  plan.watches[0].last_step = 5;
  CHECK(run(plan, canary_errs(1)).outcome == Outcome::Succeeded);
}

TEST_CASE("a watch without data never fires") {
  plan::Plan plan = watched_plan();
  for (plan::Response* response : {&plan.gates[0].no_data, &plan.gates[0].error})
    *response = {0, plan::Fallback::PassUnproven};
  Scenario blind = canary_errs(50);
  blind.faults = {fault(sim::FaultKind::MetricsEmpty, "", -1)};
  CHECK(run(plan, blind).outcome == Outcome::Succeeded);
  blind.faults = {fault(sim::FaultKind::MetricsError, "", -1)};
  CHECK(run(plan, blind).outcome == Outcome::Succeeded);
}

TEST_CASE("samples in a row: a gap neither counts nor begins the row anew, a good one does") {
  plan::Plan plan = canary_plan(5 * minute, false);
  plan.gates[0].conditions = {2};
  plan.watches[0].held_ns = 0;
  plan.conditions[4].samples = 4;
  Scenario slow;
  auto look = [&](std::vector<sim::Change> changes) {
    slow.truths = {{latency, Role::All, std::move(changes)}};
    return run(plan, slow);
  };
  CHECK(look({{61 * second, 0.9e9}, {78 * second, 0.1e9}}).outcome == Outcome::Succeeded);
  CHECK(look({{61 * second, 0.9e9}, {83 * second, 0.1e9}}).outcome == Outcome::RolledBack);
  CHECK(look({{61 * second, 0.9e9}, {73 * second, 0.1e9}, {78 * second, 0.9e9}, {93 * second, 0.1e9}}).outcome ==
        Outcome::Succeeded);
  sim::Change lost{73 * second, 0};
  lost.lost = true;
  CHECK(look({{61 * second, 0.9e9}, lost, {103 * second, 0.9e9}, {112 * second, 0.1e9}}).outcome ==
        Outcome::RolledBack);
}

TEST_CASE("crash everywhere: a watch that proves") {
  require_clean(crash_everywhere(watched_plan(), {}));
  require_clean(crash_everywhere(watched_plan(), canary_errs(5, 30 * second)));
}

TEST_CASE("a canary is compared with its control, not with what has run for long") {
  Scenario cold = canary_errs(4);
  CHECK(run(control_plan(), cold).outcome == Outcome::RolledBack);
  cold.truths.push_back(errors(Role::Control, 4));
  // Both err alike: the proof says nothing, whatever the stable version does.
  plan::Plan plan = control_plan();
  plan.gates[0].conditions = {0, 1};
  CHECK(run(plan, cold).outcome == Outcome::Succeeded);
  CHECK(run(plan, canary_errs(4)).outcome == Outcome::RolledBack);
}

TEST_CASE("crash everywhere: a control, that goes with its canary on every way out") {
  require_clean(crash_everywhere(control_plan(), {}));
  require_clean(crash_everywhere(control_plan(), canary_errs(20)));
  require_clean(crash_while_recovering(control_plan(), canary_errs(20), 3, 3));
}

TEST_CASE("the judge sees a control that stays behind, and one that cannot serve its share") {
  plan::Plan stays = control_plan();
  stays.steps[5].action.sets.resize(4);
  CHECK_FALSE(sim::run_simulation(stays, {}).violations.empty());
  plan::Plan crowded = control_plan();
  crowded.steps[3].action.sets[1].value.number = 40 * eval::percent_one;
  SimResult result = sim::run_simulation(crowded, {});
  REQUIRE_FALSE(result.violations.empty());
  CHECK(result.violations[0].rule == sim::Rule::I1);
  CHECK(result.violations[0].text.find("I1: `shift checkout to 50%` leaves") != std::string::npos);
}

}  // namespace rollout::sim_test
