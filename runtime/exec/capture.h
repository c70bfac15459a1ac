// What a run reads once, before its first step. For the executor and the views; pure.
#pragma once

#include "compiler/plan/plan.h"

namespace rollout::exec {

/// Whether the plan has any of it.
bool captures(const plan::Plan& plan);

}  // namespace rollout::exec
