// `rollout simulate --counterexample ID`: one finding of a plan, run and shown. For cmd_simulate.
#pragma once

#include "compiler/plan/plan.h"
#include "runtime/cli/command.h"

namespace rollout::cli {

/// 1: the run shows what the finding says. 0: it does not, and the plan is better than its bound. 2: there is no such
/// finding.
int show_counterexample(const Context& context, const plan::Plan& plan, const std::string& id);

}  // namespace rollout::cli
