// Private to compiler/suggest: other orders of the steps of a rollout, the nearest first: a statement in front of an
// earlier one of its block or behind a later one, and out of `parallel` in front of it or behind it.
#pragma once

#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/syntax/ast.h"

namespace rollout::suggest {

struct Move {
  std::vector<Fix> fixes;
  double passes = 0;  ///< how many statements the moved one passes
};

inline constexpr size_t max_passed = 6;  ///< statements that one passes, at most

std::vector<Move> moves_of(const SourceMap& sources, const ast::RolloutDecl& rollout);

}  // namespace rollout::suggest
