// Private to compiler/syntax: the one header that includes ANTLR and the generated parser.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <antlr4-runtime.h>

#include "RolloutLexer.h"
#include "RolloutParser.h"
#pragma GCC diagnostic pop

namespace rollout::syntax {

using Lexer = grammar::RolloutLexer;
using Parser = grammar::RolloutParser;

}  // namespace rollout::syntax
