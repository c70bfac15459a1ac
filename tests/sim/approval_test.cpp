// A run that waits for people: who counts, what their silence means, and what keeps working meanwhile.
#include <catch2/catch.hpp>

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
