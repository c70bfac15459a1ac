// Opening the state that a command means: a file of the project, or a server that machines share. For open_store, and
// for those that copy a whole state.
#pragma once

#include <memory>

#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/journal/sql_store.h"

namespace rollout::cli {

/// The address of a state that machines share, as the command line, the environment or the project says; empty: the
/// project keeps it in a file.
std::string state_url(const Context& context, const Project& project);

/// Nothing when there is none yet and `create` is not set.
Result<std::unique_ptr<journal::SqlStore>> open_state(const Context& context, const Project& project, bool create);

}  // namespace rollout::cli
