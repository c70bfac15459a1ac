// The name of a rollout on a command line, held against the file. For commands that take FILE [ROLLOUT].
#pragma once

#include "compiler/compile.h"

namespace rollout::cli {

/// A name from the command line is no mistake in the file: it is answered without a place in it.
Status check_name(const Compilation& compilation, const std::string& name, const std::string& typed);

}  // namespace rollout::cli
