// Frontier: which steps of a plan may begin, are underway or have failed, kept up to date from one move to the next,
// so that nothing has to look at every step. For State, which holds one, and the executor, which asks it.
// Always true: it is a function of the plan and the steps' statuses alone; every set is walked from the lowest step up.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/exec/step_state.h"

namespace rollout::exec {

/// Steps below a limit, in order: a bit for each, and above it bits that say which words have any.
class StepSet {
 public:
  StepSet() : StepSet(0) {}
  explicit StepSet(size_t limit);

  void insert(uint32_t step);
  void erase(uint32_t step);
  bool contains(uint32_t step) const { return (levels_[0][step / 64] >> (step % 64) & 1) != 0; }
  bool empty() const { return levels_.back()[0] == 0; }
  /// The first one from `step` on; none: there is no other.
  uint32_t next(uint32_t step) const;
  /// The first one from `step` on that is not in `other`, whose limit may be lower.
  uint32_t next_outside(const StepSet& other, uint32_t step) const;

  class Iterator {
   public:
    Iterator(const StepSet& set, uint32_t at) : set_(set), at_(at) {}
    uint32_t operator*() const { return at_; }
    Iterator& operator++() {
      at_ = set_.next(at_ + 1);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const StepSet& set_;
    uint32_t at_;
  };
  Iterator begin() const { return {*this, next(0)}; }
  Iterator end() const { return {*this, plan::none}; }

 private:
  std::vector<std::vector<uint64_t>> levels_;  ///< the last one is a single word
};

class Frontier {
 public:
  Frontier() = default;
  /// All steps are pending.
  explicit Frontier(const std::vector<plan::Step>& steps);

  void move(uint32_t step, StepStatus from, StepStatus to);

  /// Pending, and all that they come after is done.
  const StepSet& ready() const { return ready_; }
  /// Begun, or pausing between two attempts.
  const StepSet& underway() const { return underway_; }
  const StepSet& failed() const { return failed_; }

 private:
  StepSet* set_of(StepStatus status);

  std::vector<uint32_t> first_;    ///< by step: where those that come after it begin in `after_`; one more at the end
  std::vector<uint32_t> after_;
  std::vector<uint32_t> waiting_;  ///< by step: how many of those that it comes after are not done
  StepSet pending_, ready_, underway_, failed_;
};

}  // namespace rollout::exec
