// The examples as plans, and the two worlds that each of them must be right in. For the tests and campaigns that drive
// them through faults.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/sim/scenario.h"

namespace rollout::sim_test {

struct Example {
  std::string name;  ///< `quickstart/shop.rollout: release`
  plan::Plan plan;
};

/// Every rollout of every file below the folder, in each of its environments; all of them compile.
std::vector<Example> examples(const std::string& folder);

/// Everybody who may approve does.
sim::Scenario good_world(const plan::Plan& plan);
/// The new version fails 5 requests in 100.
sim::Scenario bad_world(const plan::Plan& plan);

}  // namespace rollout::sim_test
