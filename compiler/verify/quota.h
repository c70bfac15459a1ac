// Private to compiler/verify: proof 7, quotas. On no path, forward or back, does a target hold more instances at once
// than its quota; the most that it may hold becomes a fact.
#pragma once

#include "compiler/plan/forward.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

void prove_quota(const plan::Plan& plan, const plan::Forward& forward, plan::Facts& facts,
                 std::vector<Finding>& findings);

}  // namespace rollout::verify
