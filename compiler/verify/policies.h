// Private to compiler/verify: what policies refuse in a plan, as findings with their paths.
#pragma once

#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// One finding for each line of the sources in which something shows that a policy refuses.
void find_breaches(const plan::Plan& plan, std::vector<Finding>& findings);

}  // namespace rollout::verify
