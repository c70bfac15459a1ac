// Private to compiler/plan: how long a plan, and a hold, may take.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// How long the steps take at most when every attempt of every action is needed and each gate decides as late as it
/// may; what runs at the same time counts once.
int64_t worst_forward_ns(const Plan& plan);

/// How many samples a gate may take in a hold, its longest wait for a verdict included: so many moments at which a
/// regression may begin that its proofs must be ready for.
int64_t foreseen_samples(const Gate& gate, int64_t hold_ns);

}  // namespace rollout::plan
