// Fixes applied: a text with the edits that its diagnostics carry. For `check --fix`, for editors, and for the test
// that every fix mends what it says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"

namespace rollout {

/// Those that are shown and made: none where one of them writes a secret or stands in one. What people are not shown no
/// tool is handed either.
std::vector<Fix> offered_fixes(const Diagnostic& diagnostic, const SourceMap& sources);

/// In the order of the text, each once; nothing when two of them touch the same place, or one lies outside `text`.
std::optional<std::vector<Fix>> ordered_fixes(std::string_view text, std::vector<Fix> fixes);

/// `text` with all of `ordered` made.
std::string apply_fixes(std::string_view text, const std::vector<Fix>& ordered);

}  // namespace rollout
