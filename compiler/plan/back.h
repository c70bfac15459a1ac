// For the planner and compiler/verify: proof 4, the way back. How long it takes at most to restore everything from any
// point of a plan, and until a rollback whose actions fail gives up. Between two commits, and in each scope of its own.
// It takes the steps of one service to come one after another, as the planner lets no two branches change one.
#pragma once

#include <llvm/ADT/DenseMap.h>

#include "compiler/plan/way_back.h"

namespace rollout::plan {

/// Steps that go back together: those between two commits, or those of a scope.
struct Region {
  uint32_t first = 0, end = 0;        ///< steps [first, end)
  uint32_t scope = none;              ///< none: of the run
  WayBack way;                        ///< once all of them have begun: every other way is a part of it
  llvm::DenseMap<uint32_t, uint32_t> entry_of;  ///< service → entry of the way
  std::vector<int64_t> done_ns;       ///< by entry: when it is undone at the latest, with all of its attempts
  int64_t lock_ns = 0;                ///< until the locks of what it undoes are taken again, or it gives up
  int64_t worst_ns = 0;               ///< all of it, with all attempts of each action
  int64_t once_ns = 0;                ///< with one attempt of each
  std::vector<uint32_t> once_path;    ///< undo actions, one after another, that attain it
  uint32_t once_from = none;          ///< the last step that has begun then
};

struct Back {
  std::vector<Region> runs;           ///< between commits, in order
  std::vector<uint32_t> run_of;       ///< by step: index into `runs`
  std::vector<int64_t> up_to_ns;      ///< by step: the way back from any point of its run up to it, at worst
  std::vector<Region> scopes;         ///< by scope
  std::vector<int64_t> scope_over_ns; ///< by scope: until its rollback and the check after it are over, whatever fails
};

Back prove_back(const Plan& plan);

/// Until everything in the region is restored, or parked for a person.
int64_t give_up_ns(const Plan& plan, const Region& region);

}  // namespace rollout::plan
