// Whom a plan asks. For the simulated people and for what is said about tests.
#pragma once

#include <string_view>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// At once or after an escalation.
bool is_asked(const Approval& approval, std::string_view person);

/// Whether a policy asks that somebody else than the author says yes to this step, an approval that one may give: then
/// the author does not count. Where two are asked one of them is somebody else, and who is asked alone has no deputy.
bool asks_others(const Plan& plan, uint32_t step);

/// Whether the step, or a gate that judges it, ever asks this person.
bool asks(const Plan& plan, const Step& step, std::string_view person);

}  // namespace rollout::plan
