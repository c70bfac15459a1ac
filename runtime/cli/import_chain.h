// By which imports a command came to a file: for messages about something in a file that nobody named.
#pragma once

#include <vector>

#include "compiler/compile.h"

namespace rollout::cli {

/// The import that names the file of `source`, then the one that names the file of that import, up to the file that was
/// asked for; empty for that one itself. Of several ways the shortest.
std::vector<Span> import_chain(const Compilation& compilation, SourceId source);

}  // namespace rollout::cli
