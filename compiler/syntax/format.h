// The formatter: one layout for every file, so that nobody has to think about it. For `rollout fmt` and for tools
// that write files. Always holds: what comes out parses to the same tree, keeps every comment, and comes out of the
// formatter unchanged.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"

namespace rollout::syntax {

inline constexpr uint32_t format_columns = 100;

/// The one layout of a file, or nothing when it does not parse: then the diagnostics say why.
std::optional<std::string> format(const SourceMap& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace rollout::syntax
