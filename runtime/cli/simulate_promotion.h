// `simulate` of a promotion, and the time line of one for tests.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/healthy_world.h"
#include "runtime/cli/planning.h"
#include "runtime/sim/simulate_promotion.h"

namespace rollout::cli {

/// Where it stands in all environments, and what happened in each that was entered.
std::string promotion_timeline(const sim::PromotionScript& script, const sim::PromotionResult& result,
                               const Style& style);

/// `simulate FILE PROMOTION`: once, or so many times with seeds from `seed` on.
int simulate_promotion(const Context& context, const std::vector<plan::Stage>& stages, const HealthyWorld& world,
                       Timings& timings);

}  // namespace rollout::cli
