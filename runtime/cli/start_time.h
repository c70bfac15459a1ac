// `simulate --start TIME`: what the virtual clock shows at the beginning, so that calendars can be tried.
#pragma once

#include <optional>

#include "compiler/base/result.h"
#include "runtime/cli/command.h"

namespace rollout::cli {

/// Nothing where it is not given: then the run begins when its calendars first let it.
Result<std::optional<int64_t>> start_time_of(const Context& context);

}  // namespace rollout::cli
