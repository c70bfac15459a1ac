// Private to compiler/verify: rules whose bound is shorter than the way back that they bound.
#pragma once

#include "compiler/plan/back.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

void find_late_rollbacks(const plan::Plan& plan, const plan::Back& back, std::vector<Finding>& findings);

}  // namespace rollout::verify
