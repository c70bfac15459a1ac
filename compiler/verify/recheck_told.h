// Private to recheck: whether what an action is given, what it has as its effect and what people read of it are one
// thing. Systems are told the effect, or what the action is given; people read the text. Own code: the library's
// actions as a table. What an action of somebody else's capability makes of what it is given stands in no plan.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_told(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
