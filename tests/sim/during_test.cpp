// A plan that keeps hours: nothing begins while its calendar is closed, what has begun goes on, and a rollback never
// waits; also when the process dies at any point of it.
#include <catch2/catch.hpp>

#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Role;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

constexpr int64_t hour = 60 * minute;
/// Friday 2026-11-20 16:00 in Stockholm, when the hours below end.
constexpr int64_t close_wall_ns = 1'795'186'800 * second;

plan::Plan in_office_hours(plan::Plan plan, bool waits) {
  plan::During during;
  during.text = "office";
  during.waits = waits;
  Result<calendar::Zone> zone = calendar::zone_named("Europe/Stockholm");
  REQUIRE(zone);
  during.calendar.zone = *zone;
  for (int day = 0; day < 5; ++day)
    for (const calendar::Window& window : calendar::daily(day, 9 * 60, 16 * 60))
      during.calendar.open.push_back(window);
  plan.during = during;
  return plan;
}

/// deploy, 5% and 50% with holds of an hour, in office hours.
plan::Plan kept_to_hours(bool waits) { return in_office_hours(canary_plan(hour), waits); }

Scenario starting(int64_t before_close_ns) {
  Scenario scenario;
  scenario.start_wall_ns = close_wall_ns - before_close_ns;
  return scenario;
}

SimResult run(const plan::Plan& plan, const Scenario& scenario, Outcome expected) {
  SimResult result = sim::run_simulation(plan, scenario);
  std::string text;
  for (const journal::Event& event : result.events)
    if (!std::holds_alternative<journal::Sampled>(event.what)) text += journal::encode(event) + "\n";
  for (const std::string& violation : sim::texts_of(result.violations)) text += violation + "\n";
  INFO(text);
  CHECK(result.violations.empty());
  REQUIRE(result.outcome);
  CHECK(word(journal::outcome_names, *result.outcome) == word(journal::outcome_names, expected));
  return result;
}

template <typename Event>
std::vector<journal::Event> all(const SimResult& result) {
  std::vector<journal::Event> out;
  for (const journal::Event& event : result.events)
    if (std::holds_alternative<Event>(event.what)) out.push_back(event);
  return out;
}

}  // namespace

TEST_CASE("without a start a simulation begins when the calendar opens") {
  SimResult result = run(kept_to_hours(false), {}, Outcome::Succeeded);
  CHECK(result.run_ns / minute == 120);
  CHECK(all<journal::CalendarClosed>(result).empty());
}

TEST_CASE("at close park: the hold ends, nothing begins, and what is there stays") {
  SimResult result = run(kept_to_hours(false), starting(30 * minute), Outcome::Parked);
  CHECK(result.run_ns / minute == 60);
  REQUIRE(all<journal::CalendarClosed>(result).size() == 1);
  CHECK(result.detail == "`office` is closed; it opens mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z)");
  CHECK(result.ledger.size() == 2);  // deploy and the first share
  CHECK(result.phase == 0);
}

TEST_CASE("at close wait: the hold goes on until the calendar opens, then the next step begins at once") {
  SimResult result = run(kept_to_hours(true), starting(30 * minute), Outcome::Succeeded);
  constexpr int64_t weekend = 65 * hour;  // Friday 16:00 to Monday 09:00
  CHECK(result.run_ns == 30 * minute + weekend + hour);
  CHECK(all<journal::CalendarClosed>(result).size() == 1);
  std::vector<journal::Event> decided = all<journal::GateDecided>(result);
  REQUIRE(decided.size() == 2);
  CHECK(decided[0].wall_ns == close_wall_ns + weekend);
  CHECK(result.exposure_ns[0] == (30 * minute + weekend) / 20 + hour / 2);
}

TEST_CASE("a gate and a watch look on while the run waits, and the way back begins at night") {
  Scenario scenario = starting(30 * minute);
  scenario.truths = {errors(Role::Canary, 5, 9 * hour)};
  SimResult result = run(kept_to_hours(true), scenario, Outcome::RolledBack);
  CHECK(result.run_ns < 11 * hour);
  CHECK(result.rollback_ns < second);
}

TEST_CASE("what is approved at night waits for the opening, and a watch looks on") {
  plan::Plan plan = in_office_hours(approval_plan(plan::Unapproved::Rollback), true);
  Scenario scenario = starting(5 * minute);
  scenario.answers = {{"anna", 6 * minute}, {"ben", 7 * minute}};
  CHECK(run(plan, scenario, Outcome::Succeeded).run_ns > 65 * hour);
  scenario.truths = {{latency, Role::Canary, {{0, 1e8}, {9 * hour, 9e8}}}};
  CHECK(run(plan, scenario, Outcome::RolledBack).run_ns < 10 * hour);
}

TEST_CASE("an approval that nobody gives parks at night, too") {
  plan::Plan plan = in_office_hours(approval_plan(plan::Unapproved::Park), true);
  CHECK(run(plan, starting(5 * minute), Outcome::Parked).run_ns < hour);
}

TEST_CASE("no evidence at night decides nothing before the opening") {
  Scenario scenario = starting(30 * minute);
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  scenario.faults[0].from_ns = 5 * hour;
  scenario.faults[0].until_ns = 6 * hour;
  run(kept_to_hours(true), scenario, Outcome::Succeeded);
}

TEST_CASE("an abort is taken back at once, whether the run waits or its last step has begun") {
  for (bool waits : {false, true}) {
    Scenario scenario = starting(30 * minute);
    scenario.abort_at_ns = (waits ? 20 : 0) * hour + 40 * minute;
    SimResult result = run(kept_to_hours(waits), scenario, Outcome::RolledBack);
    CHECK(result.run_ns == *scenario.abort_at_ns + result.verify_ns);
  }
}

TEST_CASE("an action that is underway at close is tried again and completed") {
  Scenario scenario = starting(minute / 2);
  scenario.faults = {fault(FaultKind::FailAction, "deploy", 1)};
  scenario.settle_ns = minute;
  SimResult result = run(kept_to_hours(false), scenario, Outcome::Parked);
  std::vector<journal::Event> done = all<journal::StepDone>(result);
  REQUIRE(done.size() == 1);
  CHECK(done[0].wall_ns > close_wall_ns);
  CHECK(std::get<journal::StepDone>(done[0].what).attempt > 1);
}

TEST_CASE("a plan that starts while its calendar is closed changes nothing before it opens") {
  CHECK(run(kept_to_hours(false), starting(-hour), Outcome::Parked).ledger.empty());
  SimResult result = run(kept_to_hours(true), starting(-hour), Outcome::Succeeded);
  CHECK(all<journal::StepStarted>(result).at(0).wall_ns == close_wall_ns + 65 * hour);
}

TEST_CASE("hours are kept when the process dies at any point") {
  for (bool waits : {false, true})
    for (bool good : {false, true}) {
      // Open again after a coffee break of twenty minutes, so that a run is short.
      plan::Plan plan = kept_to_hours(waits);
      for (plan::Step& step : plan.steps) step.hold_ns = std::min(step.hold_ns, 10 * minute);
      plan.during->calendar.open.push_back({4 * 1440 + 16 * 60 + 20, 5 * 1440});
      Scenario scenario = starting(5 * minute);
      if (!good) scenario.truths = {errors(Role::Canary, 5, 12 * minute)};
      CrashReport report = crash_everywhere(plan, scenario, 3);
      INFO("waits: " << waits << ", good: " << good);
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(report.points > 20);
    }
}

}  // namespace rollout::sim_test
