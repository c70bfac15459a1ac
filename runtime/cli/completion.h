// Completion: what a shell asks while somebody types `rollout …`, made from the table of commands, so that it cannot
// say anything else than `--help`. For cmd_completion.cpp.
#pragma once

#include <string>

#include "runtime/cli/command.h"

namespace rollout::cli {

/// A script for bash 4 or later.
std::string bash_completion(const std::vector<Command>& commands);
/// A script for zsh, to be sourced or to stand in a folder of `fpath` as `_rollout`.
std::string zsh_completion(const std::vector<Command>& commands);
/// A script for fish.
std::string fish_completion(const std::vector<Command>& commands);

}  // namespace rollout::cli
