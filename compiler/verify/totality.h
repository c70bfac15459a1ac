// Private to compiler/verify: proofs 1 and 2. Whatever goes wrong (a gate fails or has no evidence, an action fails or
// runs out of time, somebody aborts, the process dies), the run stands in front of a step or in it: its effect is there
// or it is not. From both the way back must lead to what was there at first, or at the last commit, and never take a
// version away that has traffic. It goes through the undo actions one by one and shares nothing with the planner.
#pragma once

#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// At most `max_findings`.
void prove_totality(const plan::Plan& plan, std::vector<Finding>& findings);

inline constexpr size_t max_findings = 20;

}  // namespace rollout::verify
