// Versions that could not be started again: for `plan` and `apply`, which say so before anything begins.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::cli {

/// Of what runs now, and the plan would go back to: where the program of a `local` target is not there any more, or may
/// not be executed, a sentence. `root`: of the project. What other targets could start is not asked.
std::vector<std::string> gone_versions(const plan::Plan& plan, const std::string& root);

}  // namespace rollout::cli
