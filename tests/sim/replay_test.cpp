// A process that takes over knows exactly what the last one knew: the journal, through JSON and through the durable
// store, gives the same state to the bit.
#include <filesystem>

#include <catch2/catch.hpp>

#include "runtime/exec/fold.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/sqlite_store.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

namespace {

sim::SimResult noisy_run(const plan::Plan& plan) {
  sim::Scenario scenario;
  scenario.noisy = true;
  scenario.seed = 11;
  scenario.truths = {errors(plan::Role::Canary, 0.123456789), errors(plan::Role::Stable, 0.1)};
  return sim::run_simulation(plan, scenario);
}

void require_same(const exec::State& a, const exec::State& b) {
  REQUIRE(a.conditions.size() == b.conditions.size());
  for (size_t i = 0; i < a.conditions.size(); ++i) {
    if (a.conditions[i].evidence)
      CHECK(a.conditions[i].evidence->log_e() == b.conditions[i].evidence->log_e());
    CHECK(a.conditions[i].left_value == b.conditions[i].left_value);
    CHECK(a.conditions[i].in_a_row_true == b.conditions[i].in_a_row_true);
  }
  for (size_t i = 0; i < a.services.size(); ++i)
    CHECK(a.services[i].exposure_ns == b.services[i].exposure_ns);
  CHECK(a.phase == b.phase);
  CHECK(a.run_ns == b.run_ns);
}

struct Quiet : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

}  // namespace

TEST_CASE(
    "events that went through JSON fold to the same state to the bit, at every point of the run") {
  plan::Plan plan = canary_plan();
  sim::SimResult result = noisy_run(plan);
  REQUIRE(result.events.size() > 20);
  exec::State direct = exec::initial_state(plan), replayed = exec::initial_state(plan);
  bool any = false;
  for (const journal::Event& event : result.events) {
    exec::fold(direct, plan, event);
    Result<journal::Event> decoded = journal::decode(journal::encode(event));
    REQUIRE(decoded);
    exec::fold(replayed, plan, *decoded);
    require_same(direct, replayed);
    for (const exec::ConditionState& condition : direct.conditions)
      any = any || (condition.evidence && condition.evidence->log_e() != 0);
  }
  CHECK(any);
}

TEST_CASE("the state knows the exposure that the world has seen") {
  plan::Plan plan = canary_plan();
  sim::SimResult result = noisy_run(plan);
  CHECK(exec::fold_all(plan, result.events).services[0].exposure_ns == result.exposure_ns[0]);
}

TEST_CASE("the durable store carries a run as the one in memory does") {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "rollout-replay-XXXXXX").string();
  fs::path directory = mkdtemp(pattern.data());
  plan::Plan plan = canary_plan();
  sim::Scenario scenario;
  sim::VirtualClock clock;
  sim::CrashSwitch crash;
  sim::SimWorld world(plan, scenario, clock, crash);
  Quiet quiet;
  {
    auto store = journal::SqliteStore::open((directory / "rollout.db").string());
    REQUIRE(store);
    auto run = (*store)->create(
        {plan.rollout, "", "simulated", {"checkout"}, "simulation", clock.wall_ns()});
    REQUIRE(run);
    auto driven =
        exec::drive(plan, run->run, {clock, **store, world, quiet, [] { return 0; }, "simulation"});
    REQUIRE(driven);
    CHECK(driven->end == exec::DriveEnd::Ended);
    sim::SimResult reference = sim::run_simulation(plan, scenario);
    auto events = (*store)->read(run->run);
    REQUIRE(events);
    REQUIRE(events->size() == reference.events.size());
    for (size_t i = 0; i < events->size(); ++i)
      CHECK(journal::encode((*events)[i]) == journal::encode(reference.events[i]));
    auto again =
        exec::drive(plan, run->run, {clock, **store, world, quiet, [] { return 0; }, "simulation"});
    REQUIRE(again);
    CHECK((*store)->read(run->run)->size() == reference.events.size());
  }
  fs::remove_all(directory);
}

}  // namespace rollout::sim_test
