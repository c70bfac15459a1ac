// What people are told of a run: each transition once, whatever crashes, and never at the expense of the run.
#include <catch2/catch.hpp>

#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using exec::Transition;
using journal::Outcome;
using plan::Unapproved;
using sim::Scenario;

namespace {

std::vector<Transition> told(const sim::SimResult& result, std::string_view team) {
  std::vector<Transition> out;
  for (const sim::Told& one : result.told)
    if (one.team == team) out.push_back(one.transition);
  return out;
}

/// `plan`, of which sre hears everything, managers the rollback, and qa one sentence in front.
plan::Plan telling(plan::Plan plan) {
  plan.targets.push_back({"oncall", "webhook", {}});
  uint32_t target = uint32_t(plan.targets.size() - 1);
  plan.channels = {{"sre", target}, {"managers", target}, {"qa", target}};
  plan.told = {0};
  plan.rollback.told = {1};
  plan::Step note;
  note.kind = plan::StepKind::Notify;
  note.channel = 2;
  note.message = "half of it is done";
  note.after = {uint32_t(plan.steps.size() - 1)};
  plan.steps.push_back(note);
  for (plan::Approval& approval : plan.approvals) {
    approval.channel = 0;
    if (approval.escalation) approval.escalation->channel = 1;
  }
  return plan;
}

Scenario bad() {
  Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20)};
  return scenario;
}

}  // namespace

TEST_CASE("a team hears of the start and the end, and of what the file says") {
  sim::SimResult result = run(telling(canary_plan()), {});
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(told(result, "sre") == std::vector{Transition::Started, Transition::Succeeded});
  CHECK(told(result, "qa") == std::vector{Transition::Note});
  CHECK(told(result, "managers").empty());
}

TEST_CASE("a rollback is told when it begins and when it is done, with its reason") {
  sim::SimResult result = run(telling(canary_plan()), bad());
  CHECK(told(result, "sre") == std::vector{Transition::Started, Transition::RollingBack, Transition::RolledBack});
  CHECK(told(result, "managers") == std::vector{Transition::RollingBack, Transition::RolledBack});
  REQUIRE(result.told.size() > 1);
  CHECK(result.told[1].text.find("release_checkout run is rolling back: gate") == 0);
}

TEST_CASE("who is asked is told how to answer, and who comes in by escalation, too") {
  Scenario scenario;
  scenario.faults = {fault(sim::FaultKind::MetricsError, "", -1)};
  sim::SimResult result = run(telling(asking_plan(Unapproved::Park)), scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(told(result, "sre") ==
        std::vector{Transition::Started, Transition::Waiting, Transition::Escalated, Transition::Parked});
  CHECK(told(result, "managers") == std::vector{Transition::Escalated});
  CHECK(result.told[1].text.find("rollout approve run --as NAME") != std::string::npos);
}

TEST_CASE("a receiver that is down changes nothing but the record") {
  Scenario down = bad();
  down.unreachable = {"sre", "managers"};
  plan::Plan plan = telling(canary_plan());
  sim::SimResult quiet = run(plan, down), loud = run(plan, bad());
  CHECK(quiet.outcome == loud.outcome);
  CHECK(quiet.run_ns == loud.run_ns);
  CHECK(quiet.told.empty());
  size_t failed = 0;
  for (const journal::Event& event : quiet.events)
    if (const auto* e = std::get_if<journal::Notified>(&event.what)) failed += !e->delivered;
  CHECK(failed == 5);
}

TEST_CASE("crash everywhere: messages are sent again as the same ones, and none is lost") {
  Scenario answered;
  answered.answers = {{"anna", 10 * second}, {"ben", 20 * second}};
  for (const plan::Plan& plan : {telling(canary_plan()), telling(approval_plan(Unapproved::Park)),
                                 telling(asking_plan(Unapproved::Rollback))})
    for (const Scenario& scenario : {answered, bad(), Scenario{}}) {
      CrashReport report = crash_everywhere(plan, scenario);
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(report.points > 20);
    }
}

}  // namespace rollout::sim_test
