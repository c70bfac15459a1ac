// Private to compiler/suggest: the values of a program that promises are made of: `let most = 50s` of which a budget, a
// policy or a gate takes its bound. Turned, they would mend a finding by asking for less.
#pragma once

#include <set>
#include <string_view>

#include "compiler/base/source.h"
#include "compiler/ir/program.h"

namespace rollout::suggest {

/// Words of everything that promises something, and of the values that these name. The views are into `sources`.
std::set<std::string_view> promised_words(const ir::Program& program, const SourceMap& sources);

}  // namespace rollout::suggest
