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
