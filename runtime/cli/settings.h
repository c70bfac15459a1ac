// Settings: what the rollout.toml of a project says of the command line.
#pragma once

#include "runtime/cli/manifest.h"
#include "runtime/cli/project.h"

namespace rollout::cli {

/// Mistakes in it are told by the commands that read the project; here they must not keep anybody from an `abort`, so
/// that what cannot be read is not given.
CliSettings settings_of(const Project& project);

}  // namespace rollout::cli
