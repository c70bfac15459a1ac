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

/// Nothing when there is none yet and `create` is not set. A file of an older format is brought up to date, unless a
/// run in it could then be ended by nobody. Refused where the heads of runs were noted and their file is gone: a state
/// is never begun afresh.
Result<std::unique_ptr<journal::SqlStore>> open_state(const Context& context, const Project& project, bool create);
/// For commands that change nothing; nothing when there is none yet. A file of an older format stays as it is.
Result<std::unique_ptr<journal::SqlStore>> look_at_state(const Context& context, const Project& project);
/// For `restore`, which brings such a file back.
Result<std::unique_ptr<journal::SqlStore>> open_to_restore(const Context& context, const Project& project);

}  // namespace rollout::cli
