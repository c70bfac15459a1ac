// Text to tree. The only way into the language, and the only place behind which ANTLR stands.
#pragma once

#include <memory>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/syntax/ast.h"

namespace rollout::syntax {

inline constexpr uint64_t max_file_bytes = uint64_t{32} << 20;
inline constexpr int max_nesting = 100;

/// Always returns a tree; what could not be read is reported and left out or an Error node.
std::unique_ptr<ast::File> parse(const SourceMap& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace rollout::syntax
