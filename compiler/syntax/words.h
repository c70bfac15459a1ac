// Private to compiler/syntax: the words of the language, as the lexer grammar lists them.
#pragma once

#include <string_view>

#include "compiler/syntax/token.h"

namespace rollout::syntax {

/// The reserved word that a token type stands for: `phase`; empty for all other types.
std::string_view word_text(TokenType type);

/// The type of a name: that of the reserved word, or NAME.
TokenType word_type(std::string_view name);

}  // namespace rollout::syntax
