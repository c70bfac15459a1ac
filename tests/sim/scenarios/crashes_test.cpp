// Section A of docs/failures.md: crashes, resumes, lost and doubled effects.
#include <set>

#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "runtime/journal/event_json.h"
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

bool is_act(const plan::Plan& plan, const journal::StepRef& ref) {
  return ref.undo || plan.steps[ref.step].kind == plan::StepKind::Act;
}

int64_t adopted(const SimResult& result) {
  int64_t count = 0;
  for (const journal::StepDone& done : all<journal::StepDone>(result)) count += done.adopted;
  return count;
}

/// The intents of actions that became durable.
std::vector<int64_t> intents(const plan::Plan& plan, const SimResult& quiet) {
  return operations_at(quiet, [&](const journal::Event& event) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    return started != nullptr && is_act(plan, started->step);
  });
}

}  // namespace

TEST_CASE("RF-01 killed between an effect and its outcome") {
  plan::Plan plan = canary_plan();
  SimResult quiet = play(plan, {}, Outcome::Succeeded);
  std::vector<int64_t> points;
  for (int64_t at = 0; at < quiet.operations; ++at) points.push_back(at);
  // Witnessed: somebody finds in place what nobody has recorded.
  std::set<uint32_t> found;
  for (const SimResult& result : die_at(plan, {}, points))
    for (const journal::StepDone& done : all<journal::StepDone>(result))
      if (done.adopted) found.insert(done.step.step);
  for (const sim::LedgerEntry& entry : quiet.ledger) CHECK(found.count(entry.step) == 1);
}

TEST_CASE("RF-02 killed between an intent and its call") {
  plan::Plan plan = canary_plan();
  SimResult quiet = play(plan, {}, Outcome::Succeeded);
  std::vector<int64_t> points = intents(plan, quiet);
  REQUIRE(points.size() == quiet.ledger.size());
  for (const SimResult& result : die_at(plan, {}, points)) {
    CHECK(adopted(result) == 0);  // the call had not left: it is looked for, not there, and done once
    CHECK(result.ledger.size() == quiet.ledger.size());
  }
}

TEST_CASE("RF-03 a call takes effect and its reply is lost") {
  plan::Plan plan = canary_plan();
  for (const char* action : {"deploy", "shift", "promote"}) {
    Scenario scenario;
    scenario.faults = {fault(FaultKind::LoseReply, action)};
    SimResult result = play(plan, scenario, Outcome::Succeeded);
    CHECK(result.ledger.size() == 4);
    CHECK(all<journal::StepFailed>(result).empty());
  }
  Scenario back = bad_canary();
  back.faults = {fault(FaultKind::LoseReply, "shift"), fault(FaultKind::LoseReply, "retire")};
  back.faults[0].undo = true;
  CHECK(play(plan, back, Outcome::RolledBack).ledger.size() == 4);
}

TEST_CASE("RF-04 a slow handler outlives its claim and writes its stale copy") {
  for (int call = 0; call < 4; ++call) {
    INFO("the slow call is number " << call);
    Rig rig(canary_plan());
    Rig::Run& run = **rig.begin("h");
    Stalled slow(rig.world, Stalled::At::AfterAct, call, [&] {
      rig.clock->pass(2 * lease_ns);
      auto second = rig.drive(run, rig.world, "process 2");
      REQUIRE(second);
      REQUIRE(second->state.ended);
      CHECK(second->state.ended->outcome == Outcome::Succeeded);
    });
    size_t events = 0;
    auto first = rig.drive(run, slow, "process 1");
    REQUIRE(slow.met());
    REQUIRE(!first);
    CHECK(first.error().refused);
    events = rig.memory.read(run.info.run)->size();
    CHECK(std::holds_alternative<journal::RunEnded>(rig.memory.read(run.info.run)->at(events - 1).what));
    CHECK(rig.world.ledger().size() == 4);
    rig.judge(run);
  }
}

TEST_CASE("RF-05 timers and work items live in nobody's memory") {
  plan::Plan plan = canary_plan();
  SimResult quiet = play(plan, {}, Outcome::Succeeded);
  // Whoever takes over knows the journal and nothing else; no hold begins again, and none is shorter.
  for (int64_t at = second; at < quiet.run_ns; at += 7 * second) {
    Scenario scenario;
    scenario.crash_at_ns = {at};
    SimResult result = play(plan, scenario, Outcome::Succeeded);
    CHECK(result.processes == 2);
    CHECK(result.run_ns >= quiet.run_ns);
    CHECK(result.run_ns <= quiet.run_ns + scenario.downtime_ns + 6 * second);
  }
}

TEST_CASE("RF-06 an abort that is left while nobody drives the run") {
  for (int64_t at : {5 * second, 35 * second, 65 * second, 100 * second}) {
    Scenario scenario;
    scenario.crash_at_ns = {at};
    scenario.abort_at_ns = at + second;  // in the downtime: durable, and no process to tell
    SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
    CHECK(result.processes == 2);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::Abort);
    for (const journal::Event& event : events_of<journal::StepStarted>(result))
      if (event.wall_ns - result.events[0].wall_ns > at)
        CHECK(std::get<journal::StepStarted>(event.what).step.undo);
  }
}

TEST_CASE("RF-07 killed at every step of a rollback") {
  plan::Plan plan = canary_plan();
  SimResult quiet = play(plan, bad_canary(), Outcome::RolledBack);
  size_t began = 0;
  while (!std::holds_alternative<journal::RollbackStarted>(quiet.events.at(began).what)) ++began;
  std::vector<int64_t> points = operations_behind(quiet, began);
  REQUIRE(points.size() > 8);
  for (const SimResult& result : die_at(plan, bad_canary(), points)) {
    CHECK(all<journal::RollbackStarted>(result).size() == 1);
    CHECK(all<journal::RunEnded>(result).size() == 1);
  }
}

TEST_CASE("RF-08 killed while it holds a lock") {
  plan::Plan plan = compiled(R"(
import std.backend.{local, haproxy}
target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
lock front
service shop {
  workload = hosts { command = ["bin/shop"]  ready = http("/healthz")  replicas = 2  ports_from = 8000 }
  router = edge { backend = "shop" }
}
rollout release {
  lock front within 1m { shop.deploy("shop:2")  phase few { shop.shift(5%)  hold 20s } }
  phase rest { shop.shift(100%)  hold 20s }
  shop.promote()
}
)");
  SimResult quiet = play(plan, {}, Outcome::Succeeded);
  std::vector<int64_t> taken = operations_at(quiet, [](const journal::Event& event) {
    return std::holds_alternative<journal::LockTaken>(event.what);
  });
  std::vector<int64_t> given = operations_at(quiet, [](const journal::Event& event) {
    return std::holds_alternative<journal::LockReleased>(event.what);
  });
  REQUIRE(taken.size() == 1);
  REQUIRE(given.size() == 1);
  std::vector<int64_t> held;
  for (int64_t at = taken[0]; at < given[0]; ++at) held.push_back(at);
  for (const SimResult& result : die_at(plan, {}, held)) CHECK(result.locks_left == 0);
}

TEST_CASE("RF-09 ten crashes, each in the recovery from the last") {
  Scenario scenario = bad_canary();
  SimResult quiet = play(canary_plan(), scenario, Outcome::RolledBack);
  for (int64_t first = 0; first < quiet.operations; first += 3) {
    scenario.crash_at.clear();
    for (int64_t i = 0; i < 10; ++i) scenario.crash_at.push_back(first + 2 * i);
    SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
    CHECK(result.processes > 1);
    CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
  }
}

TEST_CASE("RF-10 the same plan is applied twice") {
  Rig rig(canary_plan());
  Rig::Run& run = **rig.begin("approved");
  size_t others = 0;
  Stalled both(rig.world, Stalled::At::BeforeAct, 1, [&] { others += !rig.begin("approved"); });  // at the same time
  REQUIRE(rig.drive(run, both, "process 1"));
  CHECK(others == 1);
  auto again = rig.begin("approved");
  REQUIRE(!again);
  CHECK(again.error().message.find("r1") != std::string::npos);
  CHECK(rig.world.ledger().size() == 4);
  CHECK(rig.memory.locks()->empty());
  rig.judge(run);
}

TEST_CASE("RF-11 another version of the program goes on at every boundary") {
  plan::Plan plan = canary_plan();
  SimResult quiet = play(plan, {}, Outcome::Succeeded);
  for (size_t cut = 1; cut < quiet.events.size(); ++cut) {
    // What an older one has written is read from its text and folds to the same state.
    exec::State written = exec::initial_state(plan), read = exec::initial_state(plan);
    for (size_t i = 0; i < cut; ++i) {
      std::string line = journal::encode(quiet.events[i]);
      Result<journal::Event> event = journal::decode(line);
      REQUIRE(event);
      CHECK(journal::encode(*event) == line);
      exec::fold(written, plan, quiet.events[i]);
      exec::fold(read, plan, *event);
    }
    CHECK(read.furthest == written.furthest);
    CHECK(read.run_ns == written.run_ns);
    // What a newer one has written is refused, and a journal that cannot be read is not driven.
    std::string newer = journal::encode(quiet.events[cut]);
    newer.replace(newer.find("\"v\":1"), 5, "\"v\":2");
    Result<journal::Event> unknown = journal::decode(newer);
    REQUIRE(!unknown);
    CHECK(unknown.error().refused);
  }
  die_at(plan, {}, operations_at(quiet, [](const journal::Event&) { return true; }));
}

}  // namespace rollout::sim_test
