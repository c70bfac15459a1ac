// Private to compiler/plan: whether some steps have surely passed when another one begins: on the graph of the plan,
// whatever fails and goes back while others go on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// Steps of which those count that have surely passed. One pass over the plan answers for every step.
class Passed {
 public:
  /// `two_people`: all of them are approvals, and to those that have passed somebody else than the author has surely
  /// said yes: two people have, or one whom the run does not take where it is the author (asks_others of asked.h).
  Passed(const Plan& plan, const std::vector<uint32_t>& first, bool two_people);

  /// When the step begins.
  bool surely(uint32_t step) const { return enough(begun_[step]); }
  /// One of them has passed; not surely enough of them.
  bool any(uint32_t step) const { return begun_[step] != 0; }
  /// A step of the only scope that would have to fail for the step to begin without; none: it begins so anyway, or
  /// several would have to.
  uint32_t fails_for(uint32_t step) const;

 private:
  using Mask = uint64_t;  ///< of the groups of people who have surely said yes; the first bit for all other steps

  bool enough(Mask mask) const;
  Mask bit_of(uint32_t approval);
  Mask behind(uint32_t before, uint32_t step);
  uint32_t left_scope(uint32_t before, uint32_t step) const;

  const Plan& plan_;
  bool two_people_;
  std::vector<uint32_t> scope_of_;
  std::vector<Mask> begun_, done_;
  std::map<uint32_t, Mask> in_front_;  ///< by scope
  std::vector<std::vector<std::string>> people_;  ///< by bit: who may have said yes
  Mask enough_alone_ = 0;                         ///< bits that need no other
  std::vector<Mask> others_;                      ///< by bit: those with nobody in common with it
};

/// Whether one of `first` may have passed when one of `then` begins.
bool may_come_before(const Plan& plan, const std::vector<uint32_t>& first, const std::vector<uint32_t>& then);

}  // namespace rollout::plan
