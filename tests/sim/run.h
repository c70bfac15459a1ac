// One simulated run for tests: it breaks no invariant, whatever else is asked of it.
#pragma once

#include <catch2/catch.hpp>

#include "runtime/sim/simulate.h"

namespace rollout::sim_test {

inline sim::SimResult run(const plan::Plan& plan, const sim::Scenario& scenario) {
  sim::SimResult result = sim::run_simulation(plan, scenario);
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  return result;
}

}  // namespace rollout::sim_test
