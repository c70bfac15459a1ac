// A comment that silences a warning where it stands: `// allow NAME: reason`, on its line or on the line above it.
// Always true: only warnings are silenced, and only with a reason; a comment that silences nothing is a warning itself.
#pragma once

#include <string_view>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"

namespace rollout {

bool is_allowed(const Diagnostic& diagnostic, const SourceMap& sources);

/// Reports the comments of `source` that silence none of `diagnostics`. To be called when everything else was reported.
void report_unused_allows(const SourceMap& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace rollout
