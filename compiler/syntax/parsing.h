// Private to compiler/syntax: the stages of reading a file, shared by the parser and the formatter.
#pragma once

#include <optional>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/token_mark.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// The tokens of a text, or nothing when they show a mistake by themselves: it is reported.
std::optional<Tokens> read_tokens(const SourceMap& sources, SourceId source, Diagnostics& diagnostics);

/// Fills `file`, and `marks` if there are any: one for each visible token. False when a mistake was reported.
bool read_tree(const Tokens& tokens, ast::File& file, Diagnostics& diagnostics, TokenMarks* marks = nullptr);

}  // namespace rollout::syntax
