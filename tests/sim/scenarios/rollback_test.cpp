// Section E of docs/failures.md: rollbacks and aborts.
#include <set>

#include "runtime/exec/fold.h"
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Ask;
using journal::Cause;
using journal::Outcome;
using plan::Role;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

sim::Fault refused(const char* action, int times) {
  sim::Fault out = fault(FaultKind::FailAction, action, times);
  out.undo = true;
  return out;
}

/// The plan, of which sre hears everything and managers the rollback.
plan::Plan telling(plan::Plan plan) {
  plan.targets.push_back({"oncall", "webhook", {}});
  uint32_t target = uint32_t(plan.targets.size() - 1);
  plan.channels = {{"sre", target}, {"managers", target}};
  plan.told = {0};
  plan.rollback.told = {1};
  return plan;
}

/// RF-42: no rollback leads there by itself.
void play_found_bad() {
  Scenario scenario = bad_canary();
  scenario.held = {0};
  SimResult parked = play(canary_plan(), scenario, Outcome::Parked);
  CHECK(all<journal::RollbackStarted>(parked).empty());
  REQUIRE(all<journal::RollbackWithheld>(parked).size() == 1);
  CHECK(all<journal::RollbackWithheld>(parked)[0].cause == Cause::GateFailed);
  CHECK(parked.detail.find("would lead back to checkout stable (held since r0") != std::string::npos);
  CHECK(parked.detail.find("rollout abort") != std::string::npos);
  for (const journal::Event& event : parked.events)
    if (const auto* started = std::get_if<journal::StepStarted>(&event.what)) CHECK(!started->step.undo);
  // Whoever resumes it finds the same; a person's abort goes back.
  scenario.resume_at_ns = {20 * minute};
  SimResult resumed = play(canary_plan(), scenario, Outcome::Parked);
  CHECK(all<journal::RollbackWithheld>(resumed).size() == 1);
  CHECK(all<journal::Parked>(resumed).size() == 2);
  scenario.resume_at_ns.clear();
  scenario.abort_at_ns = 20 * minute;
  SimResult aborted = play(canary_plan(), scenario, Outcome::RolledBack);
  REQUIRE(all<journal::RollbackStarted>(aborted).size() == 1);
  CHECK(all<journal::RollbackStarted>(aborted)[0].cause == Cause::Abort);
  // A run that goes well, or that a person takes back, is as any other.
  Scenario well;
  well.held = {0};
  play(canary_plan(), well, Outcome::Succeeded);
  well.abort_at_ns = 30 * second;
  play(canary_plan(), well, Outcome::RolledBack);
}

/// RF-42: what is underway ends before such a run rests.
void play_half_done() {
  Scenario scenario = bad_canary();
  scenario.held = {0};
  scenario.truths[0].changes[0].at_ns = 90 * second;
  SimResult result = play(canary_plan(), scenario, Outcome::Parked);
  // What is underway ends before the run rests: nothing is left half done.
  std::set<journal::StepRef> open;
  for (const journal::Event& event : result.events) {
    if (const auto* e = std::get_if<journal::StepStarted>(&event.what)) open.insert(e->step);
    if (const auto* e = std::get_if<journal::StepDone>(&event.what)) open.erase(e->step);
    if (const auto* e = std::get_if<journal::StepFailed>(&event.what)) open.erase(e->step);
  }
  CHECK(open.empty());
}

}  // namespace

TEST_CASE("RF-41 an abort with nothing in progress, twice, and after the end") {
  Scenario first;
  first.abort_at_ns = 0;
  CHECK(play(canary_plan(), first, Outcome::RolledBack).ledger.empty());
  Scenario twice;
  twice.hands = {{30 * second, Ask::Abort}, {31 * second, Ask::Abort}, {32 * second, Ask::Rollback}};
  SimResult result = play(canary_plan(), twice, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(result).size() == 1);
  Rig rig(canary_plan());
  Rig::Run& run = **rig.begin("h");
  REQUIRE(rig.drive(run));
  size_t effects = rig.world.ledger().size();
  Result<int64_t> late = rig.memory.request(run.info.run, {0, Ask::Abort, "somebody", "too late", 0});
  REQUIRE(!late);
  CHECK(late.error().message.find("succeeded") != std::string::npos);
  REQUIRE(rig.drive(run));
  CHECK(rig.world.ledger().size() == effects);
  rig.judge(run);
}

TEST_CASE("RF-42 what a rollback leads to is gone, or was found bad before") {
  // Found when the promotion has been begun: the old version cannot be had any more.
  Scenario scenario;
  scenario.faults = {fault(FaultKind::HalfEffect, "promote", -1), refused("restore", -1)};
  scenario.faults[1].settled = true;
  SimResult result = play(canary_plan(minute, false), scenario, Outcome::Parked);
  CHECK(result.detail.find("restore") != std::string::npos);
  for (const sim::LedgerEntry& entry : result.ledger) CHECK(entry.text != "restore shop:1");
  play_found_bad();
  play_half_done();
}

TEST_CASE("RF-43 the baseline is overwritten when the failure shows") {
  for (FaultKind kind : {FaultKind::HalfEffect, FaultKind::LoseEffect, FaultKind::FailAction}) {
    Scenario scenario;
    scenario.faults = {fault(kind, "promote", -1)};
    SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
    // The only healthy set is never removed (I1 at every event), and stable is what it was.
    bool restored = false;
    for (const sim::LedgerEntry& entry : result.ledger) restored |= entry.text == "restore shop:1";
    CHECK(restored == (kind == FaultKind::HalfEffect));
  }
}

TEST_CASE("RF-44 each step of a rollback is refused once, ten times and for ever") {
  for (const char* action : {"shift", "retire"})
    for (int times : {1, 10, -1}) {
      INFO(action << " is refused " << times << " times");
      Scenario scenario = bad_canary();
      scenario.faults = {refused(action, times)};
      plan::Plan plan = canary_plan();
      plan.rollback.within_ns = 5 * minute;  // enough for ten attempts with their pauses
      SimResult result = play(plan, scenario, times < 0 ? Outcome::Parked : Outcome::RolledBack);
      CHECK(result.run_ns < 10 * minute);
      if (times > 0) continue;
      CHECK(result.detail.find("checkout") != std::string::npos);
      CHECK(all<journal::RunEnded>(result).at(0).outcome != Outcome::RolledBack);
    }
}

TEST_CASE("RF-45 a rollback asks no gate before it restores") {
  Scenario scenario = bad_canary();
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  scenario.faults[0].from_ns = 6 * second;  // the metrics die as the rollback begins
  scenario.settle_ns = 500'000'000;
  SimResult result = play(canary_plan(), scenario, Outcome::Parked);
  CHECK(result.rollback_ns < 2 * second);
  bool back = false;
  for (const journal::Event& event : result.events) {
    if (std::holds_alternative<journal::VerifyStarted>(event.what)) break;  // all is restored, and is looked at
    back |= std::holds_alternative<journal::RollbackStarted>(event.what);
    bool judges = std::holds_alternative<journal::GateDecided>(event.what) ||
                  std::holds_alternative<journal::Sampled>(event.what);
    CHECK(!(back && judges));
  }
  CHECK(back);
}

TEST_CASE("RF-46 both versions are bad") {
  Scenario scenario = bad_canary();
  scenario.truths.push_back(errors(Role::Stable, 9, 5 * second));
  SimResult result = play(canary_plan(), scenario, Outcome::Parked);
  CHECK(all<journal::RollbackStarted>(result).size() == 1);
  int64_t forward = 0;
  bool back = false;
  for (const journal::Event& event : result.events) {
    back |= std::holds_alternative<journal::RollbackStarted>(event.what);
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    forward += back && started != nullptr && !started->step.undo;
  }
  CHECK(forward == 0);
}

TEST_CASE("RF-47 after an abort processes die and routers forget") {
  Scenario scenario;
  scenario.abort_at_ns = 40 * second;
  SimResult quiet = play(canary_plan(), scenario, Outcome::RolledBack);
  size_t asked = 0;
  while (!std::holds_alternative<journal::AbortRequested>(quiet.events.at(asked).what)) ++asked;
  die_at(canary_plan(), scenario, operations_behind(quiet, asked));
  scenario.faults = {fault(FaultKind::RouterReset)};
  scenario.faults[0].from_ns = 40 * second;
  scenario.settle_ns = second;
  SimResult reset = play(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(all<journal::Reasserted>(reset).empty());  // nothing sets the canary's weight again
}

TEST_CASE("RF-48 new instances fail while the old ones are needed") {
  for (const char* action : {"deploy", "promote"})
    for (int times : {1, -1}) {
      Scenario scenario;
      scenario.faults = {fault(FaultKind::DieAtOnce, action, times)};
      // I1 at every event: who has traffic has the instances for it.
      play(canary_plan(), scenario, times < 0 ? Outcome::RolledBack : Outcome::Succeeded);
    }
}

TEST_CASE("RF-49 the next good revision after a failed run") {
  Scenario scenario;
  scenario.truths = {errors(Role::Canary, 20)};
  scenario.truths[0].changes.push_back({10 * minute, 0.0});
  Rig rig(canary_plan(), scenario);
  Rig::Run& bad = **rig.begin("bad");
  auto driven = rig.drive(bad);
  REQUIRE(driven);
  CHECK(driven->state.ended->outcome == Outcome::RolledBack);
  rig.judge(bad);
  rig.clock->pass(10 * minute);
  auto admitted = rig.begin("good");
  REQUIRE(admitted);
  driven = rig.drive(**admitted);
  REQUIRE(driven);
  CHECK(driven->state.ended->outcome == Outcome::Succeeded);
  rig.judge(**admitted);
}

TEST_CASE("RF-50 every rollback is told once, whatever dies and whoever is away") {
  plan::Plan plan = telling(canary_plan());
  SimResult quiet = play(plan, bad_canary(), Outcome::RolledBack);
  auto told = [](const SimResult& result, exec::Transition transition) {
    int64_t count = 0;
    for (const sim::Told& one : result.told) count += one.team == "managers" && one.transition == transition;
    return count;
  };
  std::vector<int64_t> points;
  for (int64_t at = 0; at < quiet.operations; at += 2) points.push_back(at);
  for (const SimResult& result : die_at(plan, bad_canary(), points))
    for (exec::Transition one : {exec::Transition::RollingBack, exec::Transition::RolledBack})
      CHECK(told(result, one) == 1);
  Scenario away = bad_canary();
  away.unreachable = {"managers"};
  SimResult result = play(plan, away, Outcome::RolledBack);
  int64_t failed = 0;
  for (const journal::Notified& one : all<journal::Notified>(result)) failed += !one.delivered && !one.detail.empty();
  CHECK(failed == 2);  // said in the record, never silent
}

}  // namespace rollout::sim_test
