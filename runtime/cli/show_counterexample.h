// `rollout simulate --counterexample ID`: one finding of a plan, run and shown. For cmd_simulate.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/cli/command.h"

namespace rollout::cli {

/// `plans`: in which it is sought, the first one first; not empty. 1: the run shows what the finding says. 0: it does
/// not, and the plan is better than its bound. 2: there is no such finding.
int show_counterexample(const Context& context, const std::vector<plan::Plan>& plans, const std::string& id);

}  // namespace rollout::cli
