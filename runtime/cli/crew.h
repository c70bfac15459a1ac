// A crew: a process of a worker that drives many runs at once, each on a thread that waits for its turn. For `worker`.
#pragma once

#include <string>

#include "runtime/cli/command.h"
#include "runtime/cli/project.h"

namespace rollout::cli {

/// Drives what nobody drives, up to `at_most` runs and promotions at once, until it is interrupted and has left what it
/// drove to others. `url`: of the state, where machines share it; empty: the project's file.
int drive_as_crew(const Context& context, const Project& project, const std::string& url, size_t at_most);

/// Where a crew that ends by a bug of ours leaves the name of the run that it met it with.
std::string bug_note(const Project& project, int process);

/// What a crew of a state in a file claims for as long as it lives: that somebody goes on with what is left to others.
inline constexpr std::string_view crew_claim = "worker of this file";

/// One line of what a worker does, of `run` where it is not empty: in the log, and for people or machines to read.
void say_of_worker(const Context& context, const std::string& run, const std::string& what);

}  // namespace rollout::cli
