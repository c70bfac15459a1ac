// Private to recheck: whether what a plan says of what its versions meet is so. Own code: the steps in the order of the
// plan, and from each change the way back, one subject after the other.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_beside(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
