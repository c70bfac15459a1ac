// Private to compiler/plan: what a hold has room for.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// How many samples a gate may take in a hold, its longest wait for a verdict included: so many moments at which a
/// regression may begin that its proofs must be ready for.
int64_t foreseen_samples(const Gate& gate, int64_t hold_ns);

}  // namespace rollout::plan
