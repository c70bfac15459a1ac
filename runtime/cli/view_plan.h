// Views of a plan: one screen of text, and Markdown for a pull request. Pure: from a plan to a text.
#pragma once

#include <string>

#include "compiler/plan/plan.h"
#include "runtime/cli/style.h"

namespace rollout::cli {

/// At most 40 lines for plans of a few phases; the middle of longer ones is left out unless `all`.
std::string plan_text(const plan::Plan& plan, std::string_view hash, const Style& style, bool all);
std::string plan_markdown(const plan::Plan& plan, std::string_view hash);

}  // namespace rollout::cli
