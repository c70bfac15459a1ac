// Private to compiler/syntax: text to tokens. grammar/RolloutLexer.g4 is the definition, and tests/syntax compares the
// two token by token; this one exists because the generated lexer took half of the front end's time (decision 12).
#pragma once

#include <string_view>

#include "compiler/syntax/token.h"

namespace rollout::syntax {

/// `text` is UTF-8 of less than 4 GiB. Whatever it holds becomes a token, if need be a BAD one.
TokenLists lex(std::string_view text);

}  // namespace rollout::syntax
