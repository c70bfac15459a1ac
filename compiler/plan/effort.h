// What making a plan takes, in statements. For whoever makes many plans of one program, and counts before it begins.
#pragma once

#include "compiler/ir/program.h"

namespace rollout::plan {

/// Of one plan of the program at least: what it reads once, however short it is.
size_t least_effort(const ir::Program& program);

}  // namespace rollout::plan
