// Private to compiler/verify: whether the orders of steps that policies ask for are there, and whether somebody else
// has approved each exception. A part of the recheck; it shares no code with the planner, which has looked first.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_policies(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
