// Private to runtime/sim: what was proven of states, held against each state of the simulated world: no version beside
// what its plan does not know that it meets, no target with more instances than were proven. Reads the plan's facts;
// a plan without them promises nothing.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::sim {

class SimWorld;

class Promises {
 public:
  explicit Promises(const plan::Plan& plan);
  /// What does not hold in the world as it is now; empty: all of it does.
  std::string broken(const SimWorld& world) const;

 private:
  std::string version_of(const SimWorld& world, uint32_t subject, plan::Role role) const;
  std::string broken_beside(const SimWorld& world) const;
  std::string broken_peak(const SimWorld& world) const;

  const plan::Plan& plan_;
  std::vector<std::set<std::string>> meets_;         ///< by Plan::beside
  std::vector<std::vector<uint32_t>> services_;      ///< by PeakFacts: those that run there
};

}  // namespace rollout::sim
