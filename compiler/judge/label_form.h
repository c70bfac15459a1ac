// The bet without a baseline rate: given that a request was bad, was it the canary's? For bounds without a
// margin and small rates. Pure; used where no history of the baseline exists, and to cross-check projection.
#pragma once

#include "compiler/judge/block.h"

namespace rollout::judge {

/// Log e-value of the claim p_c > ratio*p_b, betting that the canary's rate is `factor` times the bound.
double label_log_e(const Block& block, double ratio, double factor);

}  // namespace rollout::judge
