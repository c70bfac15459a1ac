// ScopeState: what the engine knows of one scope of rollback. Part of State, and as that the fold of events alone.
#pragma once

#include <string>

#include "compiler/plan/way_back.h"
#include "runtime/exec/lifecycle.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

/// A scope that may go back on its own.
struct ScopeState {
  RollbackPhase rollback = RollbackPhase::None;
  plan::WayBack way;             ///< once it has failed: what its rollback undoes
  int64_t began_ns = 0;
  journal::Cause cause = journal::Cause::StepFailed;
  std::string cause_detail;
  std::string verify_detail;
  std::string detail;            ///< how its rollback ended
  bool ended = false;            ///< its rollback is over
  bool released = false;         ///< the run was parked for it, and a person let the others go on
  bool failed() const { return rollback != RollbackPhase::None; }
};

}  // namespace rollout::exec
