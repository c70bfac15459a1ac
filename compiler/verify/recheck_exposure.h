// Private to recheck: whether what a plan says of exposure is so. What no gate sees is counted again, to the
// nanosecond. Of a harm one path is walked for each step with which it may begin: all that follows takes its longest,
// everybody looks all the time, and the first proof takes it back; the plan may not say less than the worst of these.
#pragma once

#include <string>

#include "compiler/verify/recheck_time.h"

namespace rollout::verify {

void recheck_exposure(const Brief& brief, const Walked& walked, std::vector<std::string>& broken);

}  // namespace rollout::verify
