// What a `test` block gives, as a scenario for the simulated world, and what it expects, held against the
// result.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/planner.h"
#include "runtime/sim/simulate.h"

namespace rollout::cli {

/// `plan` takes over what is given of the load itself. Signals that no gate of the plan reads change nothing.
sim::Scenario scenario_of(plan::Plan& plan, const plan::TestCase& test);

struct Found {
  bool met = false;
  std::string expected;  ///< as written, with its place: `rolled_back in phase canary (shop.rollout:72)`
  std::string actual;    ///< `rolled back in phase pilot`, `31.2s`
};

std::vector<Found> hold_against(const plan::Plan& plan, const plan::TestCase& test,
                                const sim::SimResult& result);

}  // namespace rollout::cli
