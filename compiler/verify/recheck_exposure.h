// Private to recheck: whether what a plan says of exposure is so. What no gate sees is counted again, and how soon a
// regression is proven, both to the nanosecond. Of a harm the plan may not say less than what holds at every moment.
#pragma once

#include <string>

#include "compiler/verify/recheck_time.h"

namespace rollout::verify {

void recheck_exposure(const Brief& brief, const Walked& walked, std::vector<std::string>& broken);

}  // namespace rollout::verify
