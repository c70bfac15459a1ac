// The engine on plans made by hand: how runs end, and why.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <set>

#include "runtime/exec/fold.h"
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

SimResult run(const plan::Plan& plan, const Scenario& scenario, Outcome expected) {
  SimResult result = sim::run_simulation(plan, scenario);
  std::string text;
  for (const journal::Event& event : result.events) text += journal::encode(event) + "\n";
  for (const std::string& violation : sim::texts_of(result.violations)) text += violation + "\n";
  INFO(text);
  CHECK(result.violations.empty());
  REQUIRE(result.outcome);
  CHECK(word(journal::outcome_names, *result.outcome) == word(journal::outcome_names, expected));
  return result;
}

template <typename Event>
std::vector<Event> all(const SimResult& result) {
  std::vector<Event> out;
  for (const journal::Event& event : result.events)
    if (const Event* e = std::get_if<Event>(&event.what)) out.push_back(*e);
  return out;
}

}  // namespace

TEST_CASE("a good canary is promoted after both holds, exactly") {
  SimResult result = run(canary_plan(), {}, Outcome::Succeeded);
  CHECK(result.run_ns == 2 * minute);
  CHECK(result.ledger.size() == 4);
  CHECK(result.exposure_ns[0] == 3 * second + 30 * second);
  CHECK(all<journal::GateDecided>(result).size() == 2);
}

TEST_CASE(
    "a bad canary is rolled back in its phase, on proof, and the restored service is checked") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 5)};
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(result.phase == 0);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::GateFailed);
  CHECK(result.run_ns < 2 * minute);
  CHECK(result.rollback_ns < second);
  CHECK(all<journal::VerifyStarted>(result).size() == 1);
}

TEST_CASE("evidence gathered in one phase counts in the next") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 0.5, 55 * second)};
  run(canary_plan(10 * minute), scenario, Outcome::RolledBack);
}

TEST_CASE("a deploy that never works is tried as often as the plan says, then undone") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::FailAction, "deploy", -1)};
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(all<journal::StepFailed>(result).size() == 3);
  CHECK(result.ledger.empty());
  CHECK(result.cause.find("simulated system refused") != std::string::npos);
}

TEST_CASE(
    "an instance that dies at once fails its attempt without waiting for the time to be over") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::DieAtOnce, "deploy", -1)};
  SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(result.run_ns < 10 * second);
}

TEST_CASE("a lost reply is resolved by looking, not by doing it again") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::LoseReply, "", -1)};
  CHECK(run(canary_plan(), scenario, Outcome::Succeeded).ledger.size() == 4);
}

TEST_CASE("a call that failed is looked at again, also when the first look fails") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::FailAction, "deploy", 1),
                     fault(FaultKind::ObserveError, "deploy", 1)};
  scenario.faults[1].skip = 1;
  run(canary_plan(), scenario, Outcome::Succeeded);
}

TEST_CASE("an accepted call without effect is done again once its time is over") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::LoseEffect, "deploy", 1)};
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(result.run_ns > 2 * minute + 30 * second);  // the pause is between half and all of a second
  CHECK(result.run_ns <= 2 * minute + 31 * second);
}

TEST_CASE(
    "slow readiness is waited for, and is adopted by the next attempt when it takes too long") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::SlowAction, "deploy")};
  scenario.faults[0].delay_ns = 45 * second;
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(result.ledger.size() == 4);
  CHECK(all<journal::StepDone>(result).at(0).adopted);
}

TEST_CASE(
    "no metrics is no verdict on the product: the hold is extended, then the plan's answer is "
    "taken") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::NoEvidence);
  CHECK(all<journal::GateDecided>(result).at(0).reason == journal::Reason::Error);
  CHECK(result.run_ns == 90 * second);
  scenario.faults[0].until_ns = 80 * second;
  run(canary_plan(), scenario, Outcome::RolledBack);  // most samples of the first hold had no data
  scenario.faults[0].until_ns = 25 * second;
  run(canary_plan(), scenario, Outcome::Succeeded);
}

TEST_CASE("a plan may let a gate without evidence pass, and the journal says so") {
  plan::Plan plan = canary_plan(minute, false);
  plan.gates[0].no_data.then = plan::Fallback::PassUnproven;
  Scenario scenario;
  scenario.faults = {fault(FaultKind::MetricsEmpty, "", -1)};
  SimResult result = run(plan, scenario, Outcome::Succeeded);
  CHECK(all<journal::GateDecided>(result).at(0).unproven);
}

TEST_CASE("too few requests are not enough for a pass") {
  plan::Plan plan = canary_plan(minute, false);
  plan.services[0].traffic_uhz = 1'000'000;
  SimResult result = run(plan, {}, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::NoEvidence);
}

TEST_CASE("a watch fires when its condition has held, and not before") {
  Scenario scenario;
  scenario.truths = {{latency, Role::All, {{70 * second, 0.9e9}, {80 * second, 0.1e9}}}};
  run(canary_plan(), scenario, Outcome::Succeeded);
  scenario.truths = {{latency, Role::All, {{70 * second, 0.9e9}}}};
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(result.phase == 1);
  CHECK(all<journal::WatchFired>(result).size() == 1);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::Watch);
}

TEST_CASE("an abort wins in every state and always ends") {
  for (int64_t at : {int64_t{0}, second, 30 * second, minute, 90 * second, 2 * minute - 1}) {
    Scenario scenario;
    scenario.abort_at_ns = at;
    SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::Abort);
    for (const journal::Event& event : result.events)
      if (std::holds_alternative<journal::RollbackStarted>(event.what)) CHECK(event.run_ns == at);
  }
}

TEST_CASE("an abort before anything was begun changes nothing") {
  Scenario scenario;
  scenario.abort_at_ns = 0;
  CHECK(run(canary_plan(), scenario, Outcome::RolledBack).ledger.empty());
}

TEST_CASE("an abort during a rollback is accepted and changes nothing") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 20)};
  scenario.faults = {fault(FaultKind::FailAction, "shift", 5)};
  scenario.faults[0].undo = true;
  scenario.abort_at_ns = 20 * second;
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::GateFailed);
  CHECK(all<journal::AbortRequested>(result).size() == 1);
}

TEST_CASE("a rollback that cannot be done parks with what is where and what to do") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 20)};
  scenario.faults = {fault(FaultKind::FailAction, "shift", -1)};
  scenario.faults[0].undo = true;
  SimResult result = run(canary_plan(), scenario, Outcome::Parked);
  CHECK(result.detail.find("may still have 5% of its traffic") != std::string::npos);
  CHECK(result.detail.find("Repair edge") != std::string::npos);
  CHECK(result.run_ns > 2 * minute);
}

TEST_CASE("a service that is not well after the rollback is said to be so") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 20), errors(Role::Stable, 3, 5 * second)};
  SimResult result = run(canary_plan(), scenario, Outcome::Parked);
  CHECK(result.detail.find("did not pass afterwards") != std::string::npos);
}

TEST_CASE("lost weights are set again before a sample counts") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::RouterReset)};
  scenario.faults[0].from_ns = 32 * second;
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(all<journal::Reasserted>(result).size() == 1);
  CHECK(result.ledger.size() == 5);
}

TEST_CASE("what somebody else keeps changing is not fought over without end") {
  Scenario scenario;
  for (int i = 0; i < 20; ++i) {
    scenario.faults.push_back(fault(FaultKind::RouterReset));
    scenario.faults.back().from_ns = (3 + 7 * i) * second;
  }
  SimResult result = run(canary_plan(10 * minute), scenario, Outcome::RolledBack);
  CHECK(all<journal::Reasserted>(result).size() == 10);
}

TEST_CASE("actions that cannot be observed are never done") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::ObserveError, "deploy", -1)};
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(result.ledger.empty());
}

TEST_CASE("a router that cannot be seen makes samples worth nothing") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::ObserveError, "shift", -1)};
  scenario.faults[0].from_ns = 10 * second;
  scenario.faults[0].until_ns = 110 * second;
  SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(all<journal::GateDecided>(result).at(0).reason == journal::Reason::Error);
}

TEST_CASE("a full disk stops effects, not the run") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::StoreAway)};
  scenario.faults[0].from_ns = 30 * second;
  scenario.faults[0].until_ns = 50 * second;
  run(canary_plan(), scenario, Outcome::Succeeded);
}

TEST_CASE("an abort that becomes durable just before the success takes the run back") {
  Scenario scenario;
  scenario.abort_at_success = true;
  SimResult result = run(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::Abort);
  CHECK(all<journal::RunEnded>(result).size() == 1);
  CHECK(crash_everywhere(canary_plan(), scenario).failures.empty());
}

TEST_CASE("an interrupt records an action that has come to its end since it was last looked at") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::SlowAction, "deploy")};
  scenario.faults[0].delay_ns = 20 * second;
  scenario.interrupt_at_ns = 20 * second + second / 10;  // before the next look
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  REQUIRE(all<journal::StepDone>(result).at(0).step.step == 0);
  CHECK(!all<journal::StepDone>(result).at(0).adopted);
  size_t done = 0, interrupted = 0;
  for (size_t i = 0; i < result.events.size(); ++i) {
    if (std::holds_alternative<journal::Interrupted>(result.events[i].what)) interrupted = i;
    if (done == 0 && std::holds_alternative<journal::StepDone>(result.events[i].what)) done = i;
  }
  CHECK(done < interrupted);
  CHECK(all<journal::Interrupted>(result).at(0).in_flight.empty());
  CHECK(result.events[interrupted].wall_ns - result.events[0].wall_ns == *scenario.interrupt_at_ns);
}

TEST_CASE("an interrupt says what is in flight, and starts nothing") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::SlowAction, "deploy")};
  scenario.faults[0].delay_ns = 20 * second;
  scenario.interrupt_at_ns = 10 * second;
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(all<journal::Interrupted>(result).at(0).in_flight == "`deploy shop:2`: underway");
  CHECK(result.ledger.size() == 4);
  scenario.faults.push_back(fault(FaultKind::ObserveError, "deploy"));
  scenario.faults[1].from_ns = 9'999'000'000;
  result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(all<journal::Interrupted>(result).at(0).in_flight ==
        "`deploy shop:2`: the simulated system does not answer");
}

TEST_CASE("an interrupt in a rollback looks at the undo that is in flight") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 5)};
  scenario.faults = {fault(FaultKind::SlowAction, "retire")};
  scenario.faults[0].delay_ns = 20 * second;
  SimResult quiet = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  scenario.interrupt_at_ns = quiet.run_ns - 15 * second;
  SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(all<journal::Interrupted>(result).at(0).in_flight == "`retire the canary`: underway");
  CHECK(result.ledger.size() == quiet.ledger.size());
}

TEST_CASE("an error that only a person can mend uses up no further attempts") {
  for (FaultKind kind : {FaultKind::FailAction, FaultKind::ObserveError}) {
    Scenario scenario;
    scenario.faults = {fault(kind, "shift", -1)};
    scenario.faults[0].settled = true;
    scenario.faults[0].undo = false;
    SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
    REQUIRE(all<journal::StepFailed>(result).size() == 1);
    CHECK(all<journal::StepFailed>(result).at(0).last);
    CHECK(result.run_ns < second);
    CHECK(crash_everywhere(canary_plan(minute, false), scenario).failures.empty());
  }
}

TEST_CASE("a rollback goes on trying what only a person can mend: somebody may mend it in time") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 5)};
  scenario.faults = {fault(FaultKind::FailAction, "shift", 3)};
  scenario.faults[0].settled = true;
  scenario.faults[0].undo = true;
  run(canary_plan(), scenario, Outcome::RolledBack);
}

TEST_CASE("a minimum of requests counts those of a histogram") {
  // 5% of 200 requests a second: 600 in the minute of the first phase, 900 with the 30 seconds more of `on undecided`.
  for (int64_t minimum : {500, 1000}) {
    plan::Plan plan = canary_plan();
    plan.gates[0].minimum_requests = minimum;
    std::erase_if(plan.gates[0].conditions, [&](uint32_t index) {
      return plan.signals[plan.conditions[index].left.signal].evidence != plan::Evidence::Buckets;
    });
    REQUIRE(!plan.gates[0].conditions.empty());
    SimResult result = run(plan, {}, minimum < 600 ? Outcome::Succeeded : Outcome::RolledBack);
    if (minimum < 600) continue;
    INFO(result.cause);
    CHECK(result.cause.find("requests of the 1000 that the gate needs") != std::string::npos);
  }
}

TEST_CASE("an interrupted run goes on where it was, and no hold is shorter for it") {
  Scenario scenario;
  scenario.interrupt_at_ns = 32 * second;
  scenario.downtime_ns = minute;
  SimResult result = run(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(result.processes == 2);
  CHECK(all<journal::Interrupted>(result).size() == 1);
  CHECK(all<journal::Resumed>(result).at(0).downtime_ns == minute);
  CHECK(result.run_ns >= 3 * minute);
}

TEST_CASE("holds without gates are recorded, so that a restart loses little of them") {
  Scenario scenario;
  SimResult result = run(ungated_plan(), scenario, Outcome::Succeeded);
  CHECK(result.run_ns == 6 * minute);
  scenario.interrupt_at_ns = 170 * second;
  CHECK(run(ungated_plan(), scenario, Outcome::Succeeded).run_ns <= 6 * minute + 65 * second);
}

TEST_CASE("of holds without gates that run side by side, one is recorded for all") {
  plan::Plan plan = ungated_plan();
  plan::Step& first = plan.steps.at(2);
  size_t alone = all<journal::Sampled>(run(plan, {}, Outcome::Succeeded)).size();
  for (int i = 0; i < 5; ++i) {
    plan::Step beside = first;
    beside.after = {1};
    plan.steps.push_back(beside);
  }
  SimResult result = run(plan, {}, Outcome::Succeeded);
  CHECK(result.run_ns == 6 * minute);
  CHECK(all<journal::Sampled>(result).size() == alone + 5);  // where each of them begins
}

TEST_CASE("a run that records more than a simulation keeps is left, and said to be") {
  Scenario scenario;
  scenario.max_events = 20;
  SimResult result = sim::run_simulation(canary_plan(), scenario);
  CHECK(result.left);
  CHECK_FALSE(result.outcome);
  CHECK(result.events.size() <= 30);
  CHECK_FALSE(run(canary_plan(), {}, Outcome::Succeeded).left);
}

TEST_CASE("steps that do not wait for each other begin together") {
  plan::Plan plan = parallel_plan();
  SimResult result = run(plan, {}, Outcome::Succeeded);
  auto started = all<journal::StepStarted>(result);
  REQUIRE(started.size() == 3);
  CHECK(std::holds_alternative<journal::StepStarted>(result.events.at(1).what));
  CHECK(std::holds_alternative<journal::StepStarted>(result.events.at(2).what));
}

TEST_CASE("what is underway is done at once where the world can, and one commit holds what came of it") {
  auto commits_of_ends = [](size_t at_once) {
    Scenario scenario;
    scenario.at_once = at_once;
    SimResult result = run(parallel_plan(), scenario, Outcome::Succeeded);
    std::set<int64_t> commits;
    for (size_t i = 0; i < result.events.size(); ++i) {
      auto* done = std::get_if<journal::StepDone>(&result.events[i].what);
      if (done != nullptr && done->step.step < 2) commits.insert(result.durable_at[i]);
    }
    return commits.size();
  };
  CHECK(commits_of_ends(1) == 2);
  CHECK(commits_of_ends(2) == 1);
}

TEST_CASE("the same seed gives the same run to the bit, another one another") {
  Scenario scenario;
  scenario.noisy = true;
  scenario.seed = 7;
  std::string first = sim::timeline_hash(sim::run_simulation(canary_plan(), scenario));
  CHECK(sim::timeline_hash(sim::run_simulation(canary_plan(), scenario)) == first);
  scenario.seed = 8;
  CHECK(sim::timeline_hash(sim::run_simulation(canary_plan(), scenario)) != first);
}

TEST_CASE("a pass needs fresh samples, not only many") {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  scenario.faults[0].from_ns = 37 * second;
  SimResult result = run(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(all<journal::GateDecided>(result).at(0).reason == journal::Reason::Error);
}

TEST_CASE("a sample of a watch that took the scrape leaves its counts to the gate") {
  plan::Plan plan = canary_plan();
  SimResult good = run(plan, {}, Outcome::Succeeded);
  // The same run as if the watch had looked a moment before the gate each time: nothing was left to scrape.
  std::vector<journal::Event> drifted;
  for (const journal::Event& event : good.events) {
    const auto* sampled = std::get_if<journal::Sampled>(&event.what);
    drifted.push_back(event);
    if (sampled == nullptr || sampled->prime) continue;
    std::get<journal::Sampled>(drifted.back().what).gates.clear();
    journal::Sampled gate = *sampled;
    gate.watches.clear();
    for (journal::TermReading& reading : gate.readings)
      reading = {reading.term, journal::ReadingStatus::Ok, "no scrape since the previous reading"};
    drifted.push_back(event);
    drifted.back().what = gate;
  }
  exec::State known = exec::fold_all(plan, good.events), state = exec::fold_all(plan, drifted);
  CHECK(state.conditions[0].evidence->blocks() == known.conditions[0].evidence->blocks());
  CHECK(state.conditions[0].seen.canary_total == known.conditions[0].seen.canary_total);
  CHECK(state.conditions[1].valid == known.conditions[1].valid);
  CHECK(state.conditions[1].left_value == known.conditions[1].left_value);
}

TEST_CASE("evidence gathers over all holds of a run, and afresh for the check after a rollback") {
  plan::Plan plan = canary_plan();
  SimResult good = run(plan, {}, Outcome::Succeeded);
  CHECK(exec::fold_all(plan, good.events).conditions[0].evidence->blocks() == 24);

  plan::Term everyone{error_rate, Role::All, 0};
  plan.conditions.push_back({plan::ConditionKind::Reject, everyone, plan::Comparison::Greater,
                             std::nullopt, plan::none, 1, 0, 0.01 * 1e9, 990'000'000, 1, 40, "errors > 1%"});
  uint32_t shared = uint32_t(plan.conditions.size() - 1);
  plan.gates[0].conditions = {shared};
  plan.gates[1].conditions.push_back(shared);
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 60)};
  run(plan, scenario, Outcome::RolledBack);
}

}  // namespace rollout::sim_test
