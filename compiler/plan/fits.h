// Private to compiler/plan: whether a plan can be carried out between an opening and the next close.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// How long the steps take at most when every attempt of every action is needed and each gate decides as late as it
/// may; what runs at the same time counts once.
int64_t worst_forward_ns(const Plan& plan);

/// Warns of a plan that parks at close, and may take longer than its calendar is ever open.
void check_fits(const Plan& plan, const ast::RolloutDecl& rollout, Diagnostics& diagnostics);

}  // namespace rollout::plan
