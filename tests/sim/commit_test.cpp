// A run behind its point of no return: what came before stays, and the run says so.
#include <catch2/catch.hpp>

#include "tests/sim/crash.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

sim::SimResult run(const Scenario& scenario) {
  sim::SimResult result = sim::run_simulation(commit_plan(), scenario);
  for (const std::string& violation : result.violations) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  return result;
}

Scenario failing_promote() {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::FailAction, "promote", -1)};
  return scenario;
}

Scenario aborted_at_the_end() {
  Scenario scenario;
  scenario.abort_at_success = true;
  return scenario;
}

}  // namespace

TEST_CASE("a run passes its commit and ends well") { CHECK(run({}).outcome == Outcome::Succeeded); }

TEST_CASE("before its commit a run goes back completely") {
  Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20)};
  CHECK(run(scenario).outcome == Outcome::RolledBack);
}

TEST_CASE("behind its commit a run that fails is parked, and says what stays") {
  sim::SimResult result = run(failing_promote());
  CHECK(result.outcome == Outcome::Parked);
  INFO(result.detail);
  CHECK(result.detail.find("had passed `commit \"it is well\"`, which no rollback crosses") != std::string::npos);
  CHECK(result.detail.find("Undone since: nothing.") != std::string::npos);
  CHECK(result.detail.find("may have taken effect: `promote checkout`") != std::string::npos);
}

TEST_CASE("an abort behind the commit is accepted and parks") {
  CHECK(run(aborted_at_the_end()).outcome == Outcome::Parked);
}

TEST_CASE("crash everywhere: commit") {
  for (const Scenario& scenario : {Scenario{}, failing_promote(), aborted_at_the_end()}) {
    CrashReport report = crash_everywhere(commit_plan(), scenario);
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
  }
}

}  // namespace rollout::sim_test
