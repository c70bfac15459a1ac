// Versions that could not be started again: for `plan` and `apply`, which say so before anything begins.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/effects/effects.h"

namespace rollout::cli {

/// Of what runs now, and the plan would go back to, a sentence where it could not be started again: the program of a
/// `local` target is not there or may not be executed, the registry of the service has no such image, or the agent of
/// its host says that it is gone. `root`: of the project. Who gives no answer says nothing.
std::vector<std::string> gone_versions(const plan::Plan& plan, const std::string& root,
                                       const effects::Effects& effects);

}  // namespace rollout::cli
