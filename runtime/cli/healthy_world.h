// HealthyWorld: the world of `simulate`, in which nothing is wrong with the new version: what makes one run differ from
// another is chance, the load of the day, and how long people take. So whatever is taken back there is taken back for
// nothing.
#pragma once

#include "runtime/cli/command.h"
#include "runtime/sim/scenario.h"

namespace rollout::cli {

struct HealthyWorld {
  int64_t seed = 1, runs = 1, jobs = 1;
  bool noisy = false, drifts = false, daily = false;
  int64_t answer_after_ns = 60'000'000'000;
  std::optional<int64_t> start_wall_ns;
};

/// What the options of `simulate` ask for.
Result<HealthyWorld> healthy_world_of(const Context& context);

/// Of the `index`-th run.
sim::Scenario scenario_of(const plan::Plan& plan, const HealthyWorld& world, int64_t index);

}  // namespace rollout::cli
