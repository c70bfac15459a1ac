// Settings: what the rollout.toml of a project says of the command line.
#pragma once

#include "runtime/cli/manifest.h"
#include "runtime/cli/project.h"

namespace rollout::cli {

/// Mistakes in it are told by the commands that read the project; here they must not keep anybody from an `abort`, so
/// that what cannot be read is not given.
CliSettings settings_of(const Project& project);

/// What keeps everybody from knowing where the state is: a rollout.toml that names one, or may, in a way that cannot be
/// read. Empty: nothing does.
std::string state_trouble(const Project& project);

}  // namespace rollout::cli
