// Diagnostics as text for people and as JSON for programs. The only place that knows colours and carets.
#pragma once

#include <string>

#include "compiler/base/diagnostics.h"
#include "compiler/base/json.h"
#include "compiler/base/source.h"

namespace rollout {

/// All diagnostics in source order, each with its line and carets; after `max_shown` errors "and N more".
std::string render_text(const Diagnostics& diagnostics, const SourceMap& sources, bool color);

/// One of them, for callers that put several runs together.
std::string render_text(const Diagnostic& diagnostic, const SourceMap& sources, bool color);
void write_json(json::Writer& json, const Diagnostic& diagnostic, const SourceMap& sources);

/// One object: {"version":1,"diagnostics":[…],"errors":n,"warnings":n}; see docs/schemas/diagnostics.json.
std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources);

inline constexpr size_t max_shown = 50;

}  // namespace rollout
