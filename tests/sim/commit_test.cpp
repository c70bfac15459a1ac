// A run behind its point of no return: what came before stays, and the run says so.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/plan/way_back.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

sim::SimResult run(const Scenario& scenario) {
  sim::SimResult result = sim::run_simulation(commit_plan(), scenario);
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
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

TEST_CASE("right behind its commit a run takes nothing back") {
  plan::Plan plan = commit_plan();
  uint32_t commit = 0;
  while (plan.steps[commit].kind != plan::StepKind::Commit) ++commit;
  CHECK(plan::way_back(plan, plan::begun_up_to(plan, commit)).empty());
  CHECK(!plan::way_back(plan, plan::begun_up_to(plan, commit - 1)).empty());
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

namespace {

/// commit_plan() in which what fails behind the commit is tried twice more.
plan::Plan retry_plan() {
  plan::Plan plan = commit_plan();
  uint32_t commit = 0;
  while (plan.steps[commit].kind != plan::StepKind::Commit) ++commit;
  plan.retry = {2, minute, commit};
  return plan;
}

Scenario promote_fails(int times) {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::FailAction, "promote", times)};
  return scenario;
}

int64_t failures_of(const sim::SimResult& result) {
  return std::count_if(result.events.begin(), result.events.end(), [](const journal::Event& event) {
    return std::holds_alternative<journal::StepFailed>(event.what);
  });
}

}  // namespace

TEST_CASE("behind the commit an action is tried again after the pause that the plan says") {
  sim::SimResult once = sim::run_simulation(retry_plan(), promote_fails(0));
  sim::SimResult result = sim::run_simulation(retry_plan(), promote_fails(4));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(failures_of(result) == 4);
  CHECK(result.run_ns - once.run_ns >= minute);
  CHECK(result.run_ns - once.run_ns < 2 * minute);
}

TEST_CASE("what fails each time parks the run, and takes nothing back") {
  sim::SimResult result = sim::run_simulation(retry_plan(), promote_fails(-1));
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  CHECK(result.outcome == Outcome::Parked);
  CHECK(failures_of(result) == 9);
  INFO(result.detail);
  CHECK(result.detail.starts_with("`promote checkout` failed after 9 attempts: "));
  CHECK(result.detail.find("What came before `commit \"it is well\"` stays.") != std::string::npos);
}

TEST_CASE("no crash forgets an attempt or makes one twice") {
  for (int times : {4, -1}) {
    int64_t failures = failures_of(sim::run_simulation(retry_plan(), promote_fails(times)));
    CrashReport report = crash_everywhere(retry_plan(), promote_fails(times));
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
    for (int64_t point = 0; times > 0 && point < report.undisturbed.operations; ++point) {
      Scenario crashing = promote_fails(times);
      crashing.crash_at = {point};
      // The call that the dead process made may have failed unseen; it is never made more often than it is recorded.
      CHECK(failures_of(sim::run_simulation(retry_plan(), crashing)) <= failures);
    }
  }
}

}  // namespace rollout::sim_test
