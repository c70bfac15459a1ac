// Private to compiler/verify: the costs of steps, as the planner counts them, too.
#pragma once

#include "compiler/plan/cost.h"

namespace rollout::verify {

using plan::StepCost, plan::attempts_ns, plan::capture_ns, plan::cost_of, plan::hooks_ns, plan::longer;
using plan::may_park, plan::once_ns;

}  // namespace rollout::verify
