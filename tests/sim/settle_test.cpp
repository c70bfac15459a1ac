// What a router that is being set, or does not answer, does to the last sample of a hold.
#include <catch2/catch.hpp>

#include "compiler/plan/pace.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

/// canary_plan() whose gate takes one sample in each hold of a minute and goes on for no longer: the file says nothing.
plan::Plan one_sample() {
  plan::Plan plan = canary_plan(minute, false);
  plan.gates[0].sample_ns = minute;
  plan.gates[0].no_data = plan.gates[0].undecided = plan.gates[0].error = {};
  plan.gates[0].conditions = {2};
  plan.conditions[2].samples = 1;
  plan.watches.clear();
  return plan;
}

/// The router shows so between these moments.
Scenario odd(FaultKind kind, int64_t from_ns, int64_t until_ns) {
  Scenario scenario;
  scenario.faults = {fault(kind, "shift", -1)};
  scenario.faults[0].from_ns = from_ns;
  scenario.faults[0].until_ns = until_ns;
  scenario.faults[0].undo = false;
  return scenario;
}

std::vector<journal::Event> decisions(const sim::SimResult& result) {
  std::vector<journal::Event> out;
  for (const journal::Event& event : result.events)
    if (std::holds_alternative<journal::GateDecided>(event.what)) out.push_back(event);
  return out;
}

constexpr FaultKind blinks[] = {FaultKind::Unsettled, FaultKind::ObserveError};

}  // namespace

TEST_CASE("a good version passes although its router blinks when the last sample is due") {
  for (FaultKind kind : blinks)
    for (int64_t blink : {second, 8 * second, 20 * second}) {
      sim::SimResult result = run(one_sample(), odd(kind, 59 * second, minute + blink));
      CHECK(result.outcome == Outcome::Succeeded);
      // The sample begins anew once the router is seen, and ends within the time that it may settle.
      CHECK(decisions(result).at(0).run_ns > minute + blink);
      CHECK(decisions(result).at(0).run_ns <= minute + plan::settle_ns + plan::max_look_ns);
    }
}

TEST_CASE("a router that never settles takes a release back within the bound, and is named") {
  for (FaultKind kind : blinks) {
    sim::SimResult result = run(one_sample(), odd(kind, 30 * second, 10 * minute));
    CHECK(result.outcome == Outcome::RolledBack);
    const journal::Event decided = decisions(result).at(0);
    CHECK(decided.run_ns >= minute + plan::settle_ns);
    CHECK(decided.run_ns <= minute + plan::settle_ns + plan::max_look_ns);
    const auto& verdict = std::get<journal::GateDecided>(decided.what);
    CHECK(verdict.reason == journal::Reason::Error);
    CHECK(verdict.detail.find(", 30s behind the end of the hold") != std::string::npos);
    CHECK((kind != FaultKind::Unsettled || verdict.detail.find("the router is still being set") != std::string::npos));
  }
}

TEST_CASE("a bad version is found behind a blink, too") {
  Scenario bad = odd(FaultKind::Unsettled, 59 * second, minute + 8 * second);
  bad.truths = {errors(plan::Role::Canary, 20)};
  sim::SimResult result = run(one_sample(), bad);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(std::get<journal::GateDecided>(decisions(result).at(0).what).verdict == journal::Verdict::Fail);
}

TEST_CASE("a router that blinks again and again keeps no hold from its end") {
  for (int64_t pause = second; pause < 20 * second; pause += second) {
    Scenario scenario;
    for (int64_t at = 5 * second; at < 5 * minute; at += pause + 2 * second) {
      scenario.faults.push_back(fault(FaultKind::Unsettled, "shift", -1));
      scenario.faults.back().from_ns = at;
      scenario.faults.back().until_ns = at + 2 * second;
    }
    plan::Plan plan = one_sample();
    plan.watches = canary_plan().watches;  // looks every five seconds, and so begins intervals anew
    sim::SimResult result = run(plan, scenario);
    CHECK(decisions(result).at(0).run_ns <= minute + plan::settle_ns + plan::max_look_ns);
  }
}

TEST_CASE("samples before the last one are lost to a router that blinks, and half of all must have data") {
  plan::Plan plan = canary_plan(minute, false);
  plan.gates[0].no_data = plan.gates[0].undecided = plan.gates[0].error = {};
  CHECK(run(plan, odd(FaultKind::Unsettled, 10 * second, 58 * second)).outcome == Outcome::RolledBack);
  CHECK(run(plan, odd(FaultKind::Unsettled, 10 * second, 25 * second)).outcome == Outcome::Succeeded);
}

}  // namespace rollout::sim_test
