// The service locks that their last holder has left to others, or that it held when it died. For those who look for
// something to drive on this machine.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

/// What stands behind the run in a lock whose run goes on when nobody holds it.
inline constexpr char left_mark = '\n';

/// The runs that marked locks in `directory` name and nobody holds, in no order.
Result<std::vector<std::string>> left_in(const std::string& directory);

}  // namespace rollout::effects
