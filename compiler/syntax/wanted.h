// Private to compiler/syntax: what stands behind a word that wants a value, in the user's words and with an example.
// For the messages of a text in which it is missing. Looks at no more than `most_before` tokens, whatever the text.
#pragma once

#include <string>
#include <string_view>

#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// "a duration such as `5m`" behind `hold`; empty: the word alone does not say it.
std::string_view wanted_behind(const Tokens& tokens, const Token* word, bool in_policy);

/// Whether `token` stands in the condition of an `if`, a `when`, a `require` or an `expect` of its line.
bool in_condition(const Tokens& tokens, const Token* token);

/// Whether the clause goes on with the reserved word `found` behind the value that is missing, so that `found` is not a
/// name that somebody meant.
bool goes_on(TokenType found);

/// What was meant where `found` does not fit behind `before`: a form of a value that we write otherwise; may be empty.
std::string written_otherwise(const Tokens& tokens, const Token* before, const Token* found);

}  // namespace rollout::syntax
