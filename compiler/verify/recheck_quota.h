// Private to recheck: whether the most instances that a plan says a target holds are so many. Own code: for each
// service when it has more than for good, in chains of those that wait for each other. And whether a version that takes
// over all of the traffic has the instances for it.
#pragma once

#include <string>
#include <vector>

#include "compiler/verify/recheck_brief.h"

namespace rollout::verify {

void recheck_quota(const Brief& brief, std::vector<std::string>& broken);

}  // namespace rollout::verify
