// A promotion for people and programs: a plan for each environment, in the order in which they are entered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/planning.h"
#include "runtime/cli/style.h"

namespace rollout::cli {

struct StagePlan {
  plan::Stage stage;
  Planned planned;
};

/// Each of at least one stage.
std::string promotion_text(std::string_view name, const std::vector<StagePlan>& stages, const Style& style, bool all);
std::string promotion_markdown(std::string_view name, const std::vector<StagePlan>& stages);
std::string promotion_json(std::string_view name, const std::vector<StagePlan>& stages);
}  // namespace rollout::cli
