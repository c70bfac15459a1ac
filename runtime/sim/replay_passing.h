// Private to runtime/sim: a run whose earlier gates pass, so that a replay comes to the step in which a finding shows.
#pragma once

#include "runtime/sim/replay_world.h"

namespace rollout::sim {

/// Gates in front of the step may not pass in this world: each gets the evidence that it asks for, as far as the world
/// says nothing of its signals. One that does not pass even so is left out.
void clear_the_way(plan::Plan& plan, uint32_t step, Scenario& calm, const verify::World& world);

}  // namespace rollout::sim
