// A run that waits for people: who counts, what their silence means, and what keeps working meanwhile.
#include <catch2/catch.hpp>

#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Unapproved;
using sim::Answer;
using sim::Scenario;

namespace {

Scenario answered(std::vector<Answer> answers) {
  Scenario scenario;
  scenario.answers = std::move(answers);
  return scenario;
}

template <typename Event>
size_t count(const sim::SimResult& result) {
  size_t found = 0;
  for (const journal::Event& event : result.events) found += std::holds_alternative<Event>(event.what);
  return found;
}

}  // namespace

TEST_CASE("an approval passes with enough different members") {
  plan::Plan plan = approval_plan(Unapproved::Rollback);
  sim::SimResult passed = run(plan, answered({{"anna", minute}, {"carla", 2 * minute}}));
  CHECK(passed.outcome == Outcome::Succeeded);
  CHECK(count<journal::Approved>(passed) == 2);
}

TEST_CASE("who is no member, and who has approved already, does not count") {
  plan::Plan plan = approval_plan(Unapproved::Rollback);
  sim::SimResult result =
      run(plan, answered({{"anna", minute}, {"mallory", minute}, {"anna", 2 * minute}, {"", 3 * minute}}));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::Approved>(result) == 1);
  CHECK(result.cause == "approval timed out after 10m: 1 of 2 of sre has approved: anna");
}

namespace {

/// One of sre is enough, and a policy asks that it is somebody else than the author.
plan::Plan reviewed_plan() {
  plan::Plan plan = approval_plan(Unapproved::Rollback);
  plan.approvals[0].quorum = 1;
  plan.order_rules = {{"four_eyes", "approval(by: not r.author) before promote", false, true, {3}, {6}}};
  return plan;
}

}  // namespace

TEST_CASE("where a policy asks for somebody else, the author does not count, and may still reject") {
  plan::Plan plan = reviewed_plan();
  Scenario scenario = answered({{"anna", minute}});
  CHECK(run(plan, scenario).outcome == Outcome::Succeeded);  // of no team is who started it
  scenario.author = "anna";
  sim::SimResult alone = run(plan, scenario);
  CHECK(alone.outcome == Outcome::RolledBack);
  CHECK(alone.cause == "approval timed out after 10m: nobody of sre has approved");
  CHECK(count<journal::Approved>(alone) == 0);
  scenario.answers.push_back({"ben", 2 * minute});
  CHECK(run(plan, scenario).outcome == Outcome::Succeeded);
  scenario.answers = {{"anna", minute, true}};
  CHECK(run(plan, scenario).cause == "rejected by anna: scripted");
}

TEST_CASE("of two who approve one is not the author, and who is asked alone has no deputy") {
  plan::Plan plan = reviewed_plan();
  Scenario scenario = answered({{"anna", minute}, {"ben", minute}});
  scenario.author = "anna";
  plan.approvals[0].quorum = 2;
  CHECK(run(plan, scenario).outcome == Outcome::Succeeded);
  plan.approvals[0].quorum = 1;
  plan.approvals[0].members = {"anna"};
  CHECK(run(plan, scenario).outcome == Outcome::Succeeded);
  plan.approvals[0].escalation = plan::Escalation{"managers", {"mia"}, 2 * minute};
  CHECK(run(plan, scenario).outcome == Outcome::RolledBack);
  scenario.answers.push_back({"mia", 3 * minute});
  CHECK(run(plan, scenario).outcome == Outcome::Succeeded);
}

TEST_CASE("an author is told who has to approve instead") {
  plan::Plan plan = reviewed_plan();
  exec::State state = exec::initial_state(plan);
  state.author = "anna";
  state.holds[{3, false}].step = {3, false};
  state.holds[{3, false}].asks[plan::none] = {};
  journal::Request answer{0, journal::Ask::Approve, "anna", "", 0, 3, "anna@host"};
  CHECK(exec::answer_problem(plan, state, answer) ==
        "`anna` has started the run, and a policy asks that somebody else approves: sre (ben, carla)");
  answer.ask = journal::Ask::Reject;
  CHECK(exec::answer_problem(plan, state, answer).empty());
  answer = {0, journal::Ask::Approve, "ben", "", 0, 3, "ben@host"};
  CHECK(exec::answer_problem(plan, state, answer).empty());
}

TEST_CASE("one rejection takes the run back, also of somebody who had approved") {
  plan::Plan plan = approval_plan(Unapproved::Park);
  sim::SimResult result = run(plan, answered({{"anna", minute}, {"anna", 2 * minute, true}, {"ben", 3 * minute}}));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.cause == "rejected by anna: scripted");
  CHECK(count<journal::Approved>(result) == 1);
}

TEST_CASE("nobody's silence is a yes") {
  CHECK(run(approval_plan(Unapproved::Park), {}).outcome == Outcome::Parked);
  CHECK(run(approval_plan(Unapproved::Rollback), {}).outcome == Outcome::RolledBack);
  CHECK(run(approval_plan(Unapproved::Fail), {}).outcome == Outcome::RolledBack);
}

TEST_CASE("a parked run can still be aborted") {
  Scenario scenario;
  scenario.abort_at_ns = 60 * minute;
  sim::SimResult result = run(approval_plan(Unapproved::Park), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::Parked>(result) == 1);
}

TEST_CASE("watches and aborts and Ctrl-C do not wait for people") {
  plan::Plan plan = approval_plan(Unapproved::Park);
  int64_t waits_from = run(plan, {}).run_ns - 10 * minute;
  Scenario slow;
  slow.truths = {{latency, plan::Role::Canary, {{0, 1e8}, {waits_from + minute, 9e8}}}};
  sim::SimResult fired = run(plan, slow);
  CHECK(fired.outcome == Outcome::RolledBack);
  CHECK(count<journal::WatchFired>(fired) == 1);
  Scenario aborted;
  aborted.abort_at_ns = waits_from + minute;
  CHECK(run(plan, aborted).outcome == Outcome::RolledBack);
  Scenario stopped = answered({{"anna", minute}, {"ben", 3 * minute}});
  stopped.interrupt_at_ns = waits_from + 2 * minute;
  stopped.downtime_ns = 20 * minute;
  CHECK(run(plan, stopped).outcome == Outcome::Succeeded);
}

TEST_CASE("waiting counts as exposure") {
  plan::Plan plan = approval_plan(Unapproved::Rollback);
  int64_t soon = run(plan, answered({{"anna", minute}, {"ben", minute}})).exposure_ns[0];
  int64_t late = run(plan, answered({{"anna", minute}, {"ben", 9 * minute}})).exposure_ns[0];
  CHECK(late - soon == 8 * minute / 20);  // 5% of the traffic
}

TEST_CASE("crash everywhere: approvals") {
  for (const Scenario& scenario :
       {answered({{"anna", 10 * second}, {"ben", 20 * second}}), answered({{"ben", 20 * second, true}}), Scenario{}})
    for (Unapproved response : {Unapproved::Park, Unapproved::Rollback}) {
      CrashReport report = crash_everywhere(approval_plan(response), scenario);
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(report.points > 20);
    }
}

}  // namespace rollout::sim_test
