// Private to recheck: whether each way back leads to what was there at first, is told to systems that the service is
// bound to, and no share leaves its bounds. Own code: one walk over the steps, values compared where they stand.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_way_back(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
