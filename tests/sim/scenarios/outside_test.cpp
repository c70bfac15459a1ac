// Section G of docs/failures.md: others who act, signals, and records that are broken.
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using plan::Role;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

TEST_CASE("RF-57 somebody puts back what the run sets, for as long as it runs") {
  Scenario scenario;
  for (int i = 0; i < 11; ++i) {
    scenario.faults.push_back(fault(FaultKind::RouterReset));
    scenario.faults.back().from_ns = (3 + 7 * i) * second;
  }
  SimResult result = play(canary_plan(10 * minute), scenario, Outcome::RolledBack);
  CHECK(all<journal::Reasserted>(result).size() == 10);
  INFO(result.cause);
  CHECK(result.cause.find("shift checkout to 5%") != std::string::npos);
}

TEST_CASE("RF-58 what has our name is somebody else's") {
  // A backend that finds a foreign thing where its own should be says so for good, and nothing is done to it.
  Scenario scenario;
  scenario.faults = {fault(FaultKind::ObserveError, "deploy", -1)};
  scenario.faults[0].settled = true;
  SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
  CHECK(result.ledger.empty());
  // What a run owns and somebody deletes is made anew by nobody behind its back: RF-57 for routers, and a deploy that
  // is found dead is a failure (RF-28).
}

TEST_CASE("RF-60 a record that cannot be read keeps no other run from its end") {
  struct Damaged : journal::StoreView {
    using StoreView::StoreView;
    Result<journal::Recent> read_on(std::string_view run) override {
      if (run != bad) return store_.read_on(run);
      ++met;
      return OpError{"the record of this run is damaged", false, true};
    }
    std::string bad;
    int met = 0;
  };
  struct Silent : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } silent;
  Rig rig(canary_plan());
  Rig::Run& broken = **rig.begin("broken");
  Rig::Run& sound = **rig.begin("sound");
  Damaged first(broken.store), second(sound.store);
  first.bad = second.bad = broken.info.run;
  auto around = [&](journal::Store& store) {
    return exec::Surroundings{*rig.clock, store, rig.world, silent, [] { return 0; }, "process", 10 * sim_test::second};
  };
  for (int again = 0; again < 3; ++again) {
    auto driven = exec::drive(rig.plan, broken.info.run, around(first));
    REQUIRE(!driven);
    CHECK(driven.error().refused);
    CHECK(rig.world.ledger().empty());
  }
  REQUIRE(exec::drive(rig.plan, sound.info.run, around(second)));
  CHECK(first.met == 3);
  CHECK(rig.world.ledger().size() == 4);
  rig.judge(sound);
  CHECK(rig.memory.read(broken.info.run)->size() == 1);  // nothing was written to it
}

TEST_CASE("RF-59 a signal at any moment of a run and of its way back") {
  for (bool bad : {false, true})
    for (int64_t at = second; at < 40 * second; at += 3 * second) {
      Scenario scenario;
      scenario.settle_ns = 2 * second;
      if (bad) scenario.truths = {errors(Role::Canary, 20)};
      Outcome expected = bad ? Outcome::RolledBack : Outcome::Succeeded;
      SimResult quiet = sim::run_simulation(canary_plan(), scenario);
      if (at >= quiet.run_ns) break;
      scenario.interrupt_at_ns = at;
      SimResult result = play(canary_plan(), scenario, expected);
      CHECK(result.processes == 2);
      CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
      // Nothing begins behind the signal, and the next process needs nothing from anybody.
      const std::vector<journal::Event>& events = result.events;
      for (size_t i = 0; i + 1 < events.size(); ++i)
        if (std::holds_alternative<journal::Interrupted>(events[i].what))
          CHECK(std::holds_alternative<journal::Resumed>(events[i + 1].what));
    }
}

}  // namespace rollout::sim_test
