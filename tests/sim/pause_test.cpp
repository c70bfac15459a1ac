// A person's hand on a run: pause, resume, rollback, of one run and of all of them; also when the process dies at any
// point of it.
#include <catch2/catch.hpp>

#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/memory_store.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Ask;
using journal::Outcome;
using plan::Role;
using sim::Hand;
using sim::Scenario;
using sim::SimResult;

namespace {

constexpr int64_t hour = 60 * minute;

Scenario typed(std::vector<Hand> hands) {
  Scenario scenario;
  scenario.hands = std::move(hands);
  return scenario;
}

template <typename Event>
std::vector<journal::Event> all(const SimResult& result) {
  std::vector<journal::Event> out;
  for (const journal::Event& event : result.events)
    if (std::holds_alternative<Event>(event.what)) out.push_back(event);
  return out;
}

/// Forward steps that began between two moments of the run.
int64_t begun_between(const SimResult& result, int64_t from_ns, int64_t to_ns) {
  int64_t count = 0;
  for (const journal::Event& event : all<journal::StepStarted>(result))
    count += !std::get<journal::StepStarted>(event.what).step.undo && event.run_ns >= from_ns && event.run_ns < to_ns;
  return count;
}

}  // namespace

TEST_CASE("an overridden line lets the run go on until its time is over, and then pauses it again") {
  SimResult result = run(canary_plan(), typed({{30 * second, Ask::Pause, true},
                                               {70 * second, Ask::Override, false, 1},
                                               {3 * hour, Ask::Resume, true}}));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(begun_between(result, 30 * second, 70 * second) == 0);
  CHECK(begun_between(result, 70 * second, 130 * second) > 0);
  CHECK(begun_between(result, 130 * second, 3 * hour) == 0);
  CHECK(all<journal::LineOverridden>(result).size() == 1);
  REQUIRE(all<journal::OverrideEnded>(result).size() == 1);
  CHECK(all<journal::OverrideEnded>(result)[0].run_ns == 130 * second);
  // Of a line that is not stopped nothing comes.
  result = run(canary_plan(), typed({{30 * second, Ask::Override, false, 1}}));
  CHECK(all<journal::LineOverridden>(result).empty());
}

TEST_CASE("a paused run stays where it is, and goes on once the pause is lifted") {
  SimResult result = run(canary_plan(), typed({{30 * second, Ask::Pause}, {3 * hour, Ask::Resume}}));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(begun_between(result, 30 * second, 3 * hour) == 0);
  CHECK(begun_between(result, 3 * hour, 4 * hour) > 0);
  REQUIRE(all<journal::Paused>(result).size() == 1);
  CHECK(std::get<journal::Paused>(all<journal::Paused>(result)[0].what).by == "a person");
  CHECK(all<journal::Unpaused>(result).size() == 1);
  // Users meet the canary for as long as it is there: the first phase shows it to one in twenty.
  CHECK(result.exposure_ns[0] >= 3 * hour / 20);
}

TEST_CASE("what is in flight when a pause comes ends, and is recorded") {
  Scenario scenario = typed({{5 * second, Ask::Pause}, {hour, Ask::Resume}});
  scenario.settle_ns = 20 * second;
  SimResult result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  std::vector<journal::Event> done = all<journal::StepDone>(result);
  REQUIRE(!done.empty());
  CHECK(done[0].run_ns > 5 * second);
  CHECK(done[0].run_ns < minute);
}

TEST_CASE("a gate and a watch bind while a run is paused: the way back begins within a sample") {
  Scenario gate = typed({{10 * second, Ask::Pause}});
  gate.truths = {errors(Role::Canary, 20, 2 * minute)};
  SimResult result = run(canary_plan(5 * minute), gate);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.run_ns < 10 * minute);
  Scenario watch = typed({{10 * second, Ask::Pause}});
  watch.truths = {{latency, Role::Canary, {{0, 1e8}, {hour, 9e8}}}};
  result = run(canary_plan(), watch);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.run_ns < hour + 5 * minute);
}

TEST_CASE("an abort and a rollback win over a pause, and nothing pauses a way back") {
  for (Ask ask : {Ask::Abort, Ask::Rollback}) {
    SimResult result = run(canary_plan(), typed({{20 * second, Ask::Pause}, {hour, ask}, {hour, Ask::Pause}}));
    CHECK(result.outcome == Outcome::RolledBack);
    CHECK(result.run_ns < hour + 5 * minute);
    CHECK(all<journal::Paused>(result).size() == 1);
    bool asked = ask == Ask::Rollback;
    const auto started = std::get<journal::RollbackStarted>(all<journal::RollbackStarted>(result).at(0).what);
    CHECK(started.cause == (asked ? journal::Cause::Asked : journal::Cause::Abort));
    CHECK(started.detail == (asked ? "taken back by a person: scripted" : "aborted by a person: scripted"));
  }
}

TEST_CASE("people are asked while a run is paused, and what they approve waits for the end of the pause") {
  Scenario scenario = typed({{30 * second, Ask::Pause}, {hour, Ask::Resume}});
  scenario.answers = {{"anna", 2 * minute}, {"ben", 3 * minute}};
  SimResult result = run(approval_plan(plan::Unapproved::Park), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  // Paused behind the first phase: the question is asked once the pause is lifted.
  CHECK(result.run_ns > hour);
  scenario.hands = {{90 * second, Ask::Pause}, {hour, Ask::Resume}};
  result = run(approval_plan(plan::Unapproved::Park), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(all<journal::Approved>(result).size() == 2);
  CHECK(all<journal::Approved>(result)[1].run_ns < 10 * minute);
  CHECK(result.run_ns > hour);
}

TEST_CASE("a question escalates while a run is paused, and behind a crash") {
  plan::Plan plan = asking_plan(plan::Unapproved::Rollback);
  Scenario scenario = typed({{10 * second, Ask::Pause}, {4 * minute, Ask::Resume}});
  scenario.faults = {fault(sim::FaultKind::MetricsEmpty, "", -1)};
  SimResult result = run(plan, scenario);
  CHECK(all<journal::Escalated>(result).size() == 1);
  CrashReport report = crash_everywhere(plan, scenario, 29);
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
}

TEST_CASE("all runs stop while the line is stopped; a pause of their own stays when it is started") {
  SimResult result = run(canary_plan(), typed({{10 * second, Ask::Pause, true},
                                               {20 * second, Ask::Pause},
                                               {hour, Ask::Resume, true},
                                               {2 * hour, Ask::Resume}}));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(begun_between(result, 10 * second, 2 * hour) == 0);
  CHECK(all<journal::Paused>(result).size() == 2);
  CHECK(all<journal::Unpaused>(result).size() == 2);
}

TEST_CASE("a run knows nothing of stops that were over before it began") {
  SimResult result = run(canary_plan(), typed({{0, Ask::Pause, true}, {0, Ask::Resume, true}}));
  CHECK(all<journal::Paused>(result).empty());
  CHECK(all<journal::Unpaused>(result).empty());
}

TEST_CASE("a run that had succeeded is taken back by its own way back, once") {
  Scenario scenario;
  scenario.reopen_after_ns = 5 * hour;
  SimResult result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(all<journal::RunEnded>(result).size() == 2);
  CHECK(all<journal::Reopened>(result).size() == 1);
  CHECK(all<journal::RollbackStarted>(result).size() == 1);
  CHECK(result.cause == "taken back by a person: scripted");
}

TEST_CASE("a run that cannot go back to its start is parked when it is reopened") {
  Scenario scenario;
  scenario.reopen_after_ns = hour;
  SimResult result = run(commit_plan(), scenario);
  CHECK(result.outcome == Outcome::Parked);
}

TEST_CASE("a person's hand survives a crash at any point") {
  for (const plan::Plan& plan : {canary_plan(20 * second), scoped_plan()})
    for (Ask last : {Ask::Resume, Ask::Abort, Ask::Rollback}) {
      Scenario scenario = typed({{15 * second, Ask::Pause}, {50 * second, last}});
      scenario.reopen_after_ns = minute;
      CrashReport report = crash_everywhere(plan, scenario, 3, true);
      INFO("last: " << int(last));
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(report.points > 10);
    }
}

TEST_CASE("which pause counts") {
  plan::Plan plan = canary_plan();
  exec::State state = exec::initial_state(plan);
  auto counts = [&](Ask ask, bool line = false) {
    journal::Request request;
    request.ask = ask;
    request.line = line;
    return exec::changes_pause(state, request);
  };
  CHECK(counts(Ask::Pause));
  CHECK(!counts(Ask::Resume));
  state.line = journal::Paused{1, "anna", "an outage", true};
  CHECK(counts(Ask::Pause));
  CHECK(!counts(Ask::Pause, true));
  CHECK(!counts(Ask::Resume));
  CHECK(counts(Ask::Resume, true));
  state.line.reset();
  state.abort = exec::Abort{"anna", "wrong"};
  CHECK(!counts(Ask::Pause));
  state.paused = journal::Paused{2, "anna", "an outage"};
  CHECK(!counts(Ask::Resume));
}

TEST_CASE("the words of a person's hand go through JSON and back") {
  for (const journal::Payload& what :
       {journal::Payload(journal::Paused{4, "anna", "an outage", true}),
        journal::Payload(journal::Paused{4, "anna", ""}), journal::Payload(journal::Unpaused{5, "ben", "it is over"}),
        journal::Payload(journal::Reopened{"anna", "orders are lost"}),
        journal::Payload(journal::AbortRequested{7, "anna", "orders are lost", false, true}),
        journal::Payload(journal::RollbackStarted{journal::Cause::Asked, 3, "taken back"})}) {
    std::string line = journal::encode({1, 2, what});
    auto back = journal::decode(line);
    REQUIRE(back);
    CHECK(journal::encode(*back) == line);
  }
}

}  // namespace rollout::sim_test
