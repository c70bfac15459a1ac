// Bugs: of the invariants that a simulated run has broken, those that are the engine's fault.
#pragma once

#include <string>
#include <vector>

#include "runtime/sim/simulate_promotion.h"

namespace rollout::cli {

/// In words. Without traffic for which a version lacks instances (I1, I2), where `check` has said so of this plan.
std::vector<std::string> bugs_of(const plan::Plan& plan, const std::vector<sim::Violation>& violations);
std::vector<std::string> bugs_of(const sim::PromotionScript& script, const sim::PromotionResult& result);

}  // namespace rollout::cli
