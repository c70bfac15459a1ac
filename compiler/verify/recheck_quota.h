// Private to recheck: whether the most instances that a plan says a target holds are so many. Own code: the steps in
// their order, and from each of them its own way back.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_quota(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
