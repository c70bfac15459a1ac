// Section C of docs/failures.md: backends and traffic.
#include <algorithm>

#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Role;
using sim::Fault;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

Scenario with(Fault one) {
  Scenario scenario;
  scenario.faults = {std::move(one)};
  return scenario;
}

Fault slow(const char* action, int64_t delay_ns, int times = 1) {
  Fault out = fault(FaultKind::SlowAction, action, times);
  out.delay_ns = delay_ns;
  return out;
}

/// When an effect was first set going; -1: never.
int64_t at_ns(const SimResult& result, const std::string& text) {
  for (const sim::LedgerEntry& entry : result.ledger)
    if (entry.text == text) return entry.at_ns;
  return -1;
}

constexpr const char* fleet = R"(
import std.backend.{ssh}
let hosts = ["a", "b", "c", "d"]
target machines: ssh { user = "deploy"  identity = "run/key"  known_hosts = "run/known_hosts" }
service edge at h in hosts { fleet = machines { host = "${h}.internal" } }
rollout release {
  for h in hosts in batches of 2 {
    edge[h].replace("edge:2")
    hold 10s
    on failure stop
  }
  rollback { within 5m }
}
)";

}  // namespace

TEST_CASE("RF-22 a router forgets its weights in the middle of a canary") {
  for (int64_t at = 3 * second; at < 60 * second; at += 7 * second) {
    Scenario scenario = with(fault(FaultKind::RouterReset));
    scenario.faults[0].from_ns = at;
    SimResult result = play(canary_plan(), scenario, Outcome::Succeeded);
    // Set again at the next look, before a sample counts (I4), and users met less of the canary, which is on record.
    REQUIRE(events_of<journal::Reasserted>(result).size() == 1);
    journal::Event again = events_of<journal::Reasserted>(result)[0];
    CHECK(again.run_ns >= at);
    CHECK(again.run_ns <= at + 5 * second);
    // Where the last sample of the first hold began anew, for one interval more at 5%.
    CHECK(result.exposure_ns[0] <= 33 * second + second / 4);
  }
}

TEST_CASE("RF-23 a router refuses a weight for good, or takes it and does not set it") {
  auto forward = [](FaultKind kind, int times) {
    Fault out = fault(kind, "shift", times);
    out.undo = false;
    return out;
  };
  Scenario refused = with(forward(FaultKind::FailAction, -1));
  refused.faults[0].settled = true;
  SimResult once = play(canary_plan(minute, false), refused, Outcome::RolledBack);
  CHECK(at_ns(once, "shift checkout to 5%") == -1);
  CHECK(once.witnessed.faults[0] == 1);  // what cannot be done is not tried again
  CHECK(all<journal::Sampled>(once).empty());  // and nobody is judged by traffic that does not flow

  // An answer of 200 is no weight: it is read back, set again, and given up in time.
  SimResult again = play(canary_plan(), with(forward(FaultKind::LoseEffect, 1)), Outcome::Succeeded);
  CHECK(effects_of(again.ledger) == effects_of(sim::run_simulation(canary_plan(), {}).ledger));
  SimResult never = play(canary_plan(minute, false), with(forward(FaultKind::LoseEffect, -1)), Outcome::RolledBack);
  CHECK(never.witnessed.faults[0] == 3);  // as many attempts as the plan has
  CHECK(all<journal::GateDecided>(never).empty());
}

TEST_CASE("RF-24 a session drops while its command runs on, or hangs for ever") {
  // It drops at once, and the command takes 20 s of the 30 s that it has: waited for and not run twice.
  for (const char* action : {"deploy", "shift", "promote"}) {
    INFO(action);
    Scenario drops = with(slow(action, 20 * second));
    drops.faults.push_back(fault(FaultKind::LoseReply, action));
    SimResult result = play(canary_plan(), drops, Outcome::Succeeded);
    CHECK(effects_of(result.ledger) == effects_of(sim::run_simulation(canary_plan(), {}).ledger));
    CHECK(all<journal::StepFailed>(result).empty());
  }
  // It hangs: each attempt has its end, and so has the run.
  SimResult hangs = play(canary_plan(), with(slow("deploy", 1000 * 60 * minute, -1)), Outcome::RolledBack);
  CHECK(hangs.run_ns < 5 * minute);
  // One host of a fleet that hangs goes back alone, and no other one waits for it without end.
  plan::Plan machines = compiled(fleet);
  Scenario one = with(slow("", 1000 * 60 * minute, -1));
  one.faults[0].service = 2;
  one.faults[0].undo = false;
  SimResult batches = play(machines, one, Outcome::Parked);
  CHECK(batches.run_ns < 15 * minute);
  CHECK(batches.services[2] == Outcome::RolledBack);
  CHECK(batches.services[0] == Outcome::Succeeded);
}

TEST_CASE("RF-25 a host of a batch cannot be reached") {
  plan::Plan plan = compiled(fleet);
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  Fault away = fault(FaultKind::ObserveError, "", -1);
  away.service = 1;
  scenario.faults = {away};
  SimResult result = play(plan, scenario, Outcome::Parked);
  // The next batch has not begun, and what was never called is not taken back.
  for (const sim::LedgerEntry& entry : result.ledger)
    CHECK((entry.undo ? plan.undo[entry.step] : plan.steps[entry.step].action).service == 0);
  scenario.faults[0].times = 2;
  result = play(plan, scenario, Outcome::Succeeded);
  CHECK(result.ledger.size() == 4);
}

TEST_CASE("RF-26 new instances are late, die or come by halves before they get traffic") {
  // Nothing shifts before they are there; I1 and I2 are asserted at every event.
  SimResult late = play(canary_plan(), with(slow("deploy", 25 * second)), Outcome::Succeeded);
  CHECK(at_ns(late, "shift checkout to 5%") >= 25 * second);
  SimResult dead = play(canary_plan(), with(fault(FaultKind::DieAtOnce, "deploy", 2)), Outcome::Succeeded);
  CHECK(all<journal::StepFailed>(dead).size() == 2);
  SimResult never = play(canary_plan(), with(fault(FaultKind::HalfEffect, "deploy", -1)), Outcome::RolledBack);
  CHECK(at_ns(never, "shift checkout to 5%") == -1);
  SimResult back = play(canary_plan(), with(fault(FaultKind::HalfEffect, "promote", -1)), Outcome::RolledBack);
  CHECK(back.states.size() == 1);
}

TEST_CASE("RF-27 a weight is set while what carries it is not there yet") {
  Scenario scenario = with(slow("deploy", 45 * second));  // longer than one attempt
  scenario.faults.push_back(slow("shift", 20 * second, -1));
  scenario.faults.push_back(fault(FaultKind::LoseReply, "deploy"));
  SimResult result = play(canary_plan(), scenario, Outcome::Succeeded);
  CHECK(at_ns(result, "shift checkout to 5%") >= 45 * second);
  CHECK(at_ns(result, "promote checkout") > at_ns(result, "shift checkout to 50%") + 20 * second);
}

TEST_CASE("RF-28 the new version can never start") {
  for (FaultKind kind : {FaultKind::DieAtOnce, FaultKind::LoseEffect, FaultKind::FailAction}) {
    SimResult result = play(canary_plan(), with(fault(kind, "deploy", -1)), Outcome::RolledBack);
    CHECK(result.run_ns < 4 * minute);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::StepFailed);
  }
  for (int64_t at = second; at < 90 * second; at += 20 * second) {
    Scenario scenario = with(fault(FaultKind::LoseEffect, "deploy", -1));
    scenario.abort_at_ns = at;
    SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::Abort);
  }
}

TEST_CASE("RF-29 a backend refuses for a while and recovers") {
  // Of one run: it waits inside its attempts, with pauses between them, and does not fail for having waited.
  SimResult result = play(canary_plan(), with(fault(FaultKind::FailAction, "shift", 2)), Outcome::Succeeded);
  std::vector<journal::Event> failed = events_of<journal::StepFailed>(result);
  REQUIRE(failed.size() == 2);
  CHECK(failed[1].run_ns - failed[0].run_ns > 0);
}

TEST_CASE("RF-30 capacity is granted and arrives late, or never") {
  SimResult late = play(canary_plan(), with(slow("deploy", 80 * second)), Outcome::Succeeded);
  CHECK(late.ledger.size() == 4);  // found in place by a later attempt, not asked for again
  SimResult never = play(canary_plan(), with(slow("deploy", 600 * minute)), Outcome::RolledBack);
  CHECK(never.run_ns < 5 * minute);
  CHECK(events_of<journal::Parked>(never).empty());  // nobody is left to promote by hand
}

}  // namespace rollout::sim_test
