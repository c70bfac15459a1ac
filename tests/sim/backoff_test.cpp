// The pauses between attempts: they double up to their bound, forward and back.
#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/plan/pace.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

namespace {

/// From the end of each failed attempt of a step to the beginning of its next one.
std::vector<int64_t> pauses(const sim::SimResult& result, bool undo) {
  std::vector<int64_t> out;
  std::optional<int64_t> failed_ns;
  for (const journal::Event& event : result.events) {
    const auto* failed = std::get_if<journal::StepFailed>(&event.what);
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    if (failed != nullptr && failed->step.undo == undo && !failed->last) failed_ns = event.run_ns;
    if (started == nullptr || started->step.undo != undo || started->attempt == 1) continue;
    REQUIRE(failed_ns);
    out.push_back(event.run_ns - *failed_ns);
  }
  return out;
}

sim::Scenario failing(const std::string& verb, bool undo) {
  sim::Scenario scenario;
  scenario.faults = {fault(sim::FaultKind::FailAction, verb, -1)};
  scenario.faults[0].undo = undo;
  return scenario;
}

}  // namespace

TEST_CASE("the pause between two attempts doubles, up to its bound") {
  // Spread by the run's name: between half and all of it.
  auto is_spread = [](int64_t pause, int64_t whole) { return pause >= whole / 2 && pause <= whole; };
  std::vector<int64_t> forward = pauses(run(canary_plan(), failing("deploy", false)), false);
  REQUIRE(forward.size() == 2);
  CHECK(is_spread(forward[0], plan::first_pause_ns));
  CHECK(is_spread(forward[1], 2 * plan::first_pause_ns));
  sim::Scenario stuck = failing("shift", true);
  stuck.truths = {errors(plan::Role::Canary, 20)};
  int64_t whole = plan::first_pause_ns;
  for (int64_t pause : pauses(run(canary_plan(), stuck), true)) {
    CHECK(is_spread(pause, whole));
    whole = std::min(2 * whole, plan::max_pause_ns);
  }
  CHECK(whole == plan::max_pause_ns);
}

}  // namespace rollout::sim_test
