// Gates that ask people: over which evidence, who counts, and what keeps working meanwhile.
#include <catch2/catch.hpp>

#include "runtime/exec/drive.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/memory_store.h"
#include "runtime/sim/sim_world.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Unapproved;
using sim::Answer;
using sim::FaultKind;
using sim::Scenario;

namespace {

/// 20% of the canary's answers are errors.
Scenario bad(std::vector<Answer> answers) {
  Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20)};
  scenario.answers = std::move(answers);
  return scenario;
}

/// The source answers with errors until long after the hold.
Scenario blind(std::vector<Answer> answers, int64_t until_ns) {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  scenario.faults[0].until_ns = until_ns;
  scenario.answers = std::move(answers);
  return scenario;
}

template <typename Event>
std::vector<Event> all(const sim::SimResult& result) {
  std::vector<Event> found;
  for (const journal::Event& event : result.events)
    if (const Event* one = std::get_if<Event>(&event.what)) found.push_back(*one);
  return found;
}

}  // namespace

namespace {

/// Ctrl-C as soon as people are asked.
struct StopsWhenAsked : exec::Listener {
  void on_event(const journal::Event& event, const exec::State&) override {
    asked += std::holds_alternative<journal::GateAsked>(event.what);
    voided += std::holds_alternative<journal::RequestVoid>(event.what);
    approved += std::holds_alternative<journal::Approved>(event.what);
  }
  int asked = 0, voided = 0, approved = 0;
};

}  // namespace

TEST_CASE("an answer that came to nothing answers no later question, whoever goes on with the run") {
  plan::Plan plan = asking_plan(Unapproved::Park);
  Scenario scenario = bad({});
  sim::VirtualClock clock(1'700'000'000'000'000'000);
  sim::CrashSwitch crash;
  sim::SimWorld world(plan, scenario, clock, crash);
  journal::MemoryStore store;
  std::string run = store.create({"release", "{}", "h1", {"checkout"}, "somebody", clock.wall_ns()})->run;
  // In front of the question, as by somebody who has approved an earlier one of the same step.
  uint32_t hold = 0;
  while (plan.steps[hold].kind != plan::StepKind::Hold) ++hold;
  for (const char* member : {"anna", "ben"})
    REQUIRE(store.request(run, {0, journal::Ask::Approve, member, "looks good", clock.wall_ns(), hold}));
  StopsWhenAsked first;
  auto stopped = exec::drive(plan, run, {clock, store, world, first, [&] { return first.asked; }, "one"});
  REQUIRE(stopped);
  CHECK(stopped->end == exec::DriveEnd::Interrupted);
  CHECK(first.asked == 1);
  CHECK(first.voided == 2);
  // Another process: all that it knows is in the store.
  Result<std::vector<journal::Event>> events = store.read(run);
  REQUIRE(events);
  CHECK(store.requests(run, exec::fold_all(plan, *events).last_request)->empty());
  StopsWhenAsked second;
  auto parked = exec::drive(plan, run, {clock, store, world, second, [] { return 0; }, "another"});
  REQUIRE(parked);
  CHECK(parked->state.parked);
  CHECK(second.approved == 0);
}

TEST_CASE("what speaks against a version passes only by people, who are asked in every hold") {
  sim::SimResult result = run(asking_plan(Unapproved::Park), bad({{"anna", minute}, {"ben", 2 * minute}}));
  CHECK(result.outcome == Outcome::Succeeded);
  std::vector<journal::GateAsked> asked = all<journal::GateAsked>(result);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].verdict == journal::Verdict::Fail);
  CHECK(asked[0].detail.find("canary errors") != std::string::npos);
  std::vector<journal::GateDecided> decided = all<journal::GateDecided>(result);
  REQUIRE(decided.size() == 2);
  CHECK(decided[0].unproven);
  CHECK(decided[0].detail.find("approved by anna, ben") != std::string::npos);
}

TEST_CASE("too few, nobody, and a no: what a gate asks never passes by silence") {
  CHECK(run(asking_plan(Unapproved::Rollback), bad({{"anna", minute}})).outcome == Outcome::RolledBack);
  CHECK(run(asking_plan(Unapproved::Fail), bad({})).outcome == Outcome::RolledBack);
  CHECK(run(asking_plan(Unapproved::Park), bad({})).outcome == Outcome::Parked);
  CHECK(run(asking_plan(Unapproved::Park), bad({{"anna", minute}, {"anna", 2 * minute}})).outcome == Outcome::Parked);
  sim::SimResult no = run(asking_plan(Unapproved::Park), bad({{"anna", minute}, {"ben", 2 * minute, true}}));
  CHECK(no.outcome == Outcome::RolledBack);
  CHECK(no.cause.find("rejected by ben") != std::string::npos);
  CHECK(run(asking_plan(Unapproved::Park), bad({{"mallory", minute}, {"mia", minute}})).outcome == Outcome::Parked);
}

TEST_CASE("a gate without evidence asks, and evidence that comes decides") {
  plan::Plan plan = asking_plan(Unapproved::Park);
  sim::SimResult escalated = run(plan, blind({{"mia", 2 * minute}}, INT64_MAX));
  CHECK(escalated.outcome == Outcome::Succeeded);
  CHECK(all<journal::Escalated>(escalated).size() == 2);
  sim::SimResult early = run(plan, blind({{"mia", 30 * second}}, INT64_MAX));
  CHECK(early.outcome == Outcome::Parked);
  sim::SimResult back = run(plan, blind({}, 4 * minute));
  CHECK(back.outcome == Outcome::Succeeded);
  CHECK(all<journal::Approved>(back).empty());
}

TEST_CASE("watches and aborts do not wait for what a gate asks") {
  plan::Plan plan = asking_plan(Unapproved::Park);
  Scenario slow = blind({}, 5 * minute);
  slow.truths = {{latency, plan::Role::Canary, {{0, 9e8}}}};
  CHECK(run(plan, slow).outcome == Outcome::RolledBack);
  Scenario aborted = bad({});
  aborted.abort_at_ns = 6 * minute;
  CHECK(run(plan, aborted).outcome == Outcome::RolledBack);
}

TEST_CASE("two branches that wait in vain park once, and each can be answered") {
  plan::Plan plan = two_approvals_plan();
  sim::SimResult parked = run(plan, {});
  CHECK(parked.outcome == Outcome::Parked);
  CHECK(all<journal::Parked>(parked).size() == 2);
  Scenario late;
  late.answers = {{"dora", 15 * minute}};
  CHECK(run(plan, late).outcome == Outcome::Parked);
  late.answers.push_back({"anna", minute});
  CHECK(run(plan, late).outcome == Outcome::Succeeded);
}

TEST_CASE("crash everywhere: gates that ask") {
  for (const Scenario& scenario :
       {bad({{"anna", 10 * second}, {"ben", 20 * second}}), bad({{"ben", 20 * second, true}}), bad({}),
        blind({{"mia", 90 * second}}, INT64_MAX), blind({}, 4 * minute)})
    for (Unapproved response : {Unapproved::Park, Unapproved::Rollback}) {
      CrashReport report = crash_everywhere(asking_plan(response), scenario);
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(report.points > 20);
    }
}

}  // namespace rollout::sim_test
