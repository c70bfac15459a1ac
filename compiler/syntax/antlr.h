// Private to compiler/syntax: the one header that includes ANTLR and the generated parser.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <antlr4-runtime.h>

#include "RolloutParser.h"
#pragma GCC diagnostic pop

namespace rollout::syntax {

using Parser = grammar::RolloutParser;

}  // namespace rollout::syntax
