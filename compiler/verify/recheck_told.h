// Private to recheck: whether what an action is given, what it has as its effect and what people read of it are one
// thing. Systems are told the effect, or what the action is given; people read the text. Own code: the library's
// actions as a table. What an action of somebody else's capability makes of what it is given stands in no plan.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_told(const plan::Plan& plan, std::vector<std::string>& broken);
/// Whether the plan holds what it says was declared: what no text of a thing says of it, and no proof needs. A plan
/// that names no file it was made of, as tests make them, declares nothing.
void recheck_declared(const plan::Plan& plan, std::vector<std::string>& broken);

}  // namespace rollout::verify
