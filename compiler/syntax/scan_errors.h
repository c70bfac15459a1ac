// Private to compiler/syntax: mistakes that are clearer seen in the tokens than in the grammar.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// Words that begin a declaration, a statement, a clause or a setting.
bool starts_statement(TokenType type);

/// Braces that do not match, found by indentation: where one is missing, not the end of the file.
/// Returns whether it reported one.
bool report_unbalanced_braces(const Tokens& tokens, Diagnostics& diagnostics);

/// Characters, numbers and strings that are no tokens. Returns whether it reported any.
bool report_bad_tokens(const Tokens& tokens, Diagnostics& diagnostics);

/// `import std.backend.local` and nothing behind it: the names in braces are missing. Returns whether it reported any.
bool report_bare_imports(const Tokens& tokens, Diagnostics& diagnostics);

/// A word or an operator that needs a value at the end of its line, and below it, no further in, a call: that is the
/// next statement, though the grammar would take it for the value. Returns where: from the word to the end of the line
/// of the call. What else is said of these was meant otherwise.
std::vector<Span> report_swallowed_calls(const Tokens& tokens, Diagnostics& diagnostics);

/// Brackets, prefix operators and `else if` nested deeper than max_nesting. Returns whether it reported one.
bool report_too_deep(const Tokens& tokens, Diagnostics& diagnostics);

}  // namespace rollout::syntax
