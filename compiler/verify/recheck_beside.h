// Private to recheck: whether what a plan says of what its versions meet is so. Own code: the steps in the order of the
// plan, and from each change the way back, one subject after the other; and what steps that do not wait for each other
// leave beside each other.
#pragma once

#include <string>
#include <vector>

#include "compiler/verify/recheck_brief.h"

namespace rollout::verify {

void recheck_beside(const Brief& brief, std::vector<std::string>& broken);

}  // namespace rollout::verify
