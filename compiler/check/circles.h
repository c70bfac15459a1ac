// Private to compiler/check: no strategy runs itself and no function calls itself, directly or through others, and
// none is unfolded too deep.
#pragma once

#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/ir/program.h"

namespace rollout::check {

/// Values made of values, strategies that run strategies.
inline constexpr size_t max_made_of = 500;

/// A strategy, a policy or a function that calls another; indices into their vectors of Program.
struct Call {
  uint32_t from, to;
  Span span;
};

/// Report the first circle, or the first chain that is too long.
void check_strategy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics);
void check_policy_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics);
void check_func_circles(const ir::Program& program, const std::vector<Call>& calls, Diagnostics& diagnostics);
/// Reports a record that has itself as a field, directly or through others.
void check_record_circles(const ir::Program& program, Diagnostics& diagnostics);

}  // namespace rollout::check
