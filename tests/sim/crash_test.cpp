// The process dies at every point of runs that succeed, fail, roll back and park; also while it recovers.
#include <catch2/catch.hpp>

#include "tests/sim/crash.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using plan::Role;
using sim::FaultKind;
using sim::Scenario;

namespace {

void require_clean(const CrashReport& report) {
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
  CHECK(report.points > 20);
}

Scenario bad_canary() {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 20)};
  return scenario;
}

Scenario failing_deploy() {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::FailAction, "deploy", -1)};
  return scenario;
}

Scenario failing_rollback() {
  Scenario scenario = bad_canary();
  scenario.faults = {fault(FaultKind::FailAction, "retire", 3)};
  return scenario;
}

Scenario stuck_rollback() {
  Scenario scenario = bad_canary();
  scenario.faults = {fault(FaultKind::FailAction, "retire", -1)};
  return scenario;
}

Scenario slow_and_lossy() {
  Scenario scenario;
  scenario.settle_ns = 3 * second;
  scenario.faults = {fault(FaultKind::LoseReply, "", -1)};
  return scenario;
}

}  // namespace

TEST_CASE("crash everywhere: good canary") { require_clean(crash_everywhere(canary_plan(), {})); }
TEST_CASE("crash everywhere: bad canary") {
  require_clean(crash_everywhere(canary_plan(), bad_canary()));
}
TEST_CASE("crash everywhere: deploy fails") {
  require_clean(crash_everywhere(canary_plan(), failing_deploy()));
}
TEST_CASE("crash everywhere: rollback fails at first") {
  require_clean(crash_everywhere(canary_plan(), failing_rollback()));
}
TEST_CASE("crash everywhere: rollback is stuck") {
  require_clean(crash_everywhere(canary_plan(), stuck_rollback()));
}
TEST_CASE("crash everywhere: slow effects, lost replies") {
  require_clean(crash_everywhere(canary_plan(), slow_and_lossy()));
}
TEST_CASE("crash everywhere: holds without gates") {
  require_clean(crash_everywhere(ungated_plan(), {}));
}
TEST_CASE("crash everywhere: parallel steps") {
  Scenario slow;
  slow.settle_ns = 2 * second;
  require_clean(crash_everywhere(parallel_plan(), slow));
  slow.at_once = 2;
  require_clean(crash_everywhere(parallel_plan(), slow));
}

TEST_CASE("crash everywhere: aborted in the middle") {
  Scenario scenario;
  scenario.abort_at_ns = 40 * second;
  require_clean(crash_everywhere(canary_plan(), scenario));
}

TEST_CASE("crash everywhere: weights are lost") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::RouterReset)};
  scenario.faults[0].from_ns = 32 * second;
  require_clean(crash_everywhere(canary_plan(), scenario));
}

TEST_CASE("crash while recovering from a crash") {
  require_clean(crash_while_recovering(canary_plan(30 * second), bad_canary(), 12));
  require_clean(crash_while_recovering(canary_plan(30 * second), slow_and_lossy(), 6, 2));
}

TEST_CASE("ten crashes in a row") {
  Scenario scenario = bad_canary();
  for (int64_t first = 0; first < 60; ++first) {
    scenario.crash_at.clear();
    for (int64_t i = 0; i < 10; ++i) scenario.crash_at.push_back(first + 3 * i);
    sim::SimResult result = sim::run_simulation(canary_plan(), scenario);
    for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
    CHECK(result.violations.empty());
    CHECK(result.outcome == journal::Outcome::RolledBack);
  }
}

}  // namespace rollout::sim_test
