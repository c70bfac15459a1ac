// Whom a plan asks. For the simulated people and for what is said about tests.
#pragma once

#include <string_view>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// At once or after an escalation.
bool is_asked(const Approval& approval, std::string_view person);

/// Whether the step, or a gate that judges it, ever asks this person.
bool asks(const Plan& plan, const Step& step, std::string_view person);

}  // namespace rollout::plan
