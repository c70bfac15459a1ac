// For the planner and compiler/verify: which steps every way to a step passes: its dominators in the order of the plan.
// Of two steps of one branch the time between them is that of the branch, whatever runs beside it.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::plan {

class Dominators {
 public:
  Dominators() = default;
  explicit Dominators(const Plan& plan);
  /// The last step that every way to both passes, which may be one of them; none: only the start. By the depth of the
  /// plan in logarithmic time.
  uint32_t common(uint32_t a, uint32_t b) const;

 private:
  uint32_t root() const { return uint32_t(parent_.size() - 1); }
  uint32_t meet(uint32_t a, uint32_t b) const;

  /// By step, and of the start behind them: the last one before it that every way passes, one much further up, and how
  /// many there are.
  std::vector<uint32_t> parent_, jump_, depth_;
};

}  // namespace rollout::plan
