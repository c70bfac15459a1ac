// What a test gives, held to what versions declare that they live beside. For `check` and `test`.
#pragma once

#include "compiler/compile.h"

namespace rollout {

/// Reports where a version would run beside what it does not declare, and nothing else: of the plan of a test, which
/// says what runs when it begins.
void hold_given(const Compilation& compilation, const plan::Plan& plan, Diagnostics& diagnostics);

}  // namespace rollout
