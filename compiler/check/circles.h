// Private to compiler/check: no strategy runs itself, directly or through others, and none is unfolded too deep.
#pragma once

#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/ir/program.h"

namespace rollout::check {

/// Values made of values, strategies that run strategies.
inline constexpr size_t max_made_of = 500;

/// A strategy that calls another; indices into Program::strategies.
struct StrategyCall {
  uint32_t from, to;
  Span span;
};

/// Reports the first circle, or the first chain that is too long.
void check_circles(const ir::Program& program, const std::vector<StrategyCall>& calls, Diagnostics& diagnostics);

}  // namespace rollout::check
