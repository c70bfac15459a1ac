// Shared quota: whether rollouts of a project that may be underway at once bring more instances to a target than it may
// hold, though each of them alone does not. For Neighbours.
// Always true: what shares a subject, or holds the same lock around all that it brings, is not underway at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/plan/plan.h"

namespace rollout {

/// What one rollout brings at its worst.
struct Brings {
  std::string rollout, place;
  int64_t rest = 0, more = 0;
  std::set<std::string> subjects;  ///< by identity
  std::set<std::string> locks;     ///< that are held from the first of its instances on until the last is gone
};

class SharedQuota {
 public:
  /// Of one target of a plan with facts. `system`: the target as the world knows it.
  void look(const plan::Plan& plan, uint32_t target, const std::string& system, const SourceMap& sources,
            Diagnostics& diagnostics);

 private:
  std::map<std::string, std::vector<Brings>> brings_;  ///< by target
};

}  // namespace rollout
