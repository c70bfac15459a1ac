// Private to compiler/verify: proof 6, that gates and watches can decide. What a condition compares lies in an
// interval: a condition that holds in all of it, or nowhere, decides nothing, and conditions of one gate that leave no
// value to pass with are a contradiction. Also: a gate gets the requests that it asks for, and a watch the time.
#pragma once

#include "compiler/plan/forward.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

void find_undecided(const plan::Plan& plan, const plan::Forward& forward, std::vector<Finding>& findings);

}  // namespace rollout::verify
