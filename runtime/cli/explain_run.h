// What became of a run, in a few lines: the last durable step, the cause, the evidence, and the next safe command. For
// `explain RUN`. Read from the record alone: it looks at no live system.
#pragma once

#include <string>

#include "runtime/cli/command.h"

namespace rollout::cli {

/// `r12` or `p3`: what `explain` takes for a run or a promotion, and not for a diagnostic.
bool names_run(const std::string& name);

int explain_run(const Context& context, const std::string& name);

}  // namespace rollout::cli
