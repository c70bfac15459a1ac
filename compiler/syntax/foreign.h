// Private to compiler/syntax: what other languages write, and what stands for it here.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// Signs, quotes and comments of other languages, of which the token at `at` is the first: `&&`, `:=`, `i++`, `elif`,
/// a `/*`, quotes that are not ours. Says what to write instead, with the edit where that is certain. Returns how many
/// tokens it takes; 0: it is none of these, and nothing was said.
size_t report_foreign(const Tokens& tokens, size_t at, Diagnostics& diagnostics);

/// Words that begin a declaration or a statement elsewhere: `let` for `var`; empty for all others.
std::string_view our_word(std::string_view foreign);

/// What `%` is, where it was to divide.
std::string_view remainder_advice();

/// What chooses a value, where `if` or `?` was to.
std::string_view choice_advice();

}  // namespace rollout::syntax
