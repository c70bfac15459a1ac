// Private to compiler/plan: the order of a loop whose rounds depend on each other.
#pragma once

#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/eval/evaluator.h"

namespace rollout::plan {

/// Brings the items into an order in which they can go; by round, the rounds that it depends on. Empty after a circle.
std::vector<std::vector<uint32_t>> order_rounds(const ast::ForStatement* loop, std::vector<eval::Value>& items,
                                                const ir::Program& program, eval::Evaluator& evaluator,
                                                Diagnostics& diagnostics);

/// By service, the nearest of the others that it depends on: itself, or through services that are not among them.
std::vector<std::vector<uint32_t>> nearest_needs(const std::vector<eval::Value>& services, const ir::Program& program,
                                                 eval::Evaluator& evaluator);

}  // namespace rollout::plan
