// What was proven of a plan, as lines of its preview: how long it takes, and how much of it users may meet. For `plan`.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/cli/style.h"

namespace rollout::cli {

/// Of many services and phases the worst, unless `all` is asked for. None where nothing was proven.
std::vector<std::string> bound_texts(const plan::Plan& plan, const Style& style, bool all);

/// In whole seconds, rounded up.
std::string seconds_text(int64_t ns);

}  // namespace rollout::cli
