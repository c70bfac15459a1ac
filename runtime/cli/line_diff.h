// The difference of two texts line by line, as a unified diff. For `fmt --diff`.
#pragma once

#include <string>
#include <string_view>

#include "runtime/cli/style.h"

namespace rollout::cli {

std::string line_diff(std::string_view name, std::string_view before, std::string_view after,
                      const Style& style);

}  // namespace rollout::cli
