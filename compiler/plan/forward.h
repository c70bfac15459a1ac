// For the planner and compiler/verify: proof 4, the way forward. Best, typical and worst moment at which each step
// begins and ends: the longest path over the plan. Steps that wait for a free lane come after those that used it, so a
// bound on how many run at once is part of the path.
#pragma once

#include "compiler/plan/back.h"
#include "compiler/plan/dominators.h"

namespace rollout::plan {

/// By step, since the start of the run.
struct Forward {
  std::vector<int64_t> best_begin_ns, best_end_ns, worst_begin_ns, worst_end_ns;
  /// A joint waits for everything before it, and everything after waits for it. By step: the last one up to it.
  std::vector<uint32_t> joint;
  Dominators dominators;
  int64_t best_ns = 0, typical_ns = 0, worst_ns = 0;
  bool parks = false;
  std::vector<PhaseFacts> phases;  ///< by phase: how long it takes
};

/// The last joint up to each of the steps [first, end), as if there were no others; none: there is none.
std::vector<uint32_t> joints_of(const Plan& plan, uint32_t first, uint32_t end);

Forward prove_forward(const Plan& plan, const Back& back);

/// At most so long passes from the beginning of the step `from` to that of a later one, `to`; with `none` to the end of
/// the plan.
int64_t between_ns(const Forward& forward, uint32_t from, uint32_t to);

}  // namespace rollout::plan
