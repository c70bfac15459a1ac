// Readings that are none. Sources refuse them; what a source lets through, the engine still does not count.
#include <functional>
#include <limits>

#include <catch2/catch.hpp>

#include "runtime/exec/drive.h"
#include "runtime/journal/memory_store.h"
#include "runtime/sim/sim_world.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

namespace {

using exec::Reading;
using Distort = std::function<void(Reading&)>;

/// The simulated world behind a source that spoils what it reads.
struct OddWorld : exec::World {
  exec::World& world;
  Distort distort;
  OddWorld(exec::World& w, Distort d) : world(w), distort(std::move(d)) {}
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
    return world.observe(action, key);
  }
  Status act(const plan::Action& action, const exec::EffectKey& key) override { return world.act(action, key); }
  std::vector<Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
    std::vector<Reading> readings = world.sample(plan, terms);
    for (Reading& reading : readings)
      if (reading.status == Reading::Status::Ok) distort(reading);
    return readings;
  }
  Result<journal::Captured> capture(const plan::Plan& plan) override { return world.capture(plan); }
};

struct Silent : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

/// How a good release ends whose readings are spoilt.
exec::State release_with(const Distort& distort) {
  plan::Plan plan = canary_plan();
  sim::Scenario scenario;
  sim::VirtualClock clock;
  sim::CrashSwitch crash;
  sim::SimWorld world(plan, scenario, clock, crash);
  OddWorld odd(world, distort);
  journal::MemoryStore store;
  Silent listener;
  journal::NewRun run{plan.rollout, "", "h", {}, "me", clock.wall_ns()};
  for (const plan::Service& service : plan.services) run.services.push_back(plan::service_text(service));
  auto info = store.create(run);
  REQUIRE(info);
  auto driven = exec::drive(plan, info->run, {clock, store, odd, listener, [] { return 0; }, "me", minute});
  REQUIRE(driven);
  REQUIRE(driven->state.ended);
  return std::move(driven->state);
}

}  // namespace

TEST_CASE("a number that is none, and counts that contradict each other, never make a pass") {
  CHECK(release_with([](Reading&) {}).ended->outcome == journal::Outcome::Succeeded);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::pair<const char*, Distort> oddities[] = {
      {"finite", [](Reading& reading) { reading.value = std::numeric_limits<double>::quiet_NaN(); }},
      {"finite", [](Reading& reading) { reading.value = infinite; }},
      {"finite", [](Reading& reading) { reading.value = -infinite; }},
      {"contradict", [](Reading& reading) { reading.bad = reading.total + 1; }},
      {"contradict", [](Reading& reading) { reading.bad = -1; }},
      {"contradict", [](Reading& reading) { reading.total = reading.bad = -1; }}};
  for (const auto& [why, distort] : oddities) {
    exec::State state = release_with(distort);
    INFO(state.cause_detail);
    // Nor does the check after the rollback see that all is well.
    CHECK(state.ended->outcome == journal::Outcome::Parked);
    CHECK(state.cause == journal::Cause::NoEvidence);
    CHECK(state.cause_detail.find(why) != std::string::npos);
  }
}

TEST_CASE("a few good samples among many that failed are no evidence: the gate waits for as many as failed") {
  sim::Scenario scenario;
  scenario.faults = {fault(sim::FaultKind::MetricsError, "", -1)};
  scenario.faults[0].until_ns = 45 * second;
  sim::SimResult quiet = run(canary_plan(), {}), result = run(canary_plan(), scenario);
  CHECK(result.outcome == journal::Outcome::Succeeded);
  // Nearly 45 s without data in a hold of a minute: half of the samples have some only behind its end.
  CHECK(result.run_ns - quiet.run_ns >= 20 * second);
}

TEST_CASE("a gate that only rejects does not pass without a sample, however few requests it asks for") {
  plan::Plan plan = canary_plan();
  plan::Gate& gate = plan.gates.front();
  gate.minimum_requests = 0;
  std::erase_if(gate.conditions, [&](uint32_t index) {
    return plan.conditions[index].kind != plan::ConditionKind::Reject;
  });
  REQUIRE(!gate.conditions.empty());
  sim::Scenario scenario;
  scenario.faults = {fault(sim::FaultKind::MetricsEmpty, "", -1)};
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome != journal::Outcome::Succeeded);
  CHECK(result.cause.find("no data") != std::string::npos);
}

}  // namespace rollout::sim_test
