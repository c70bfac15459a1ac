// StepState: what the engine knows of one step, or of one undo action. Part of State, and as that the fold of events.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/plan/undo_scope.h"
#include "runtime/exec/cycle_step.h"

namespace rollout::exec {

struct StepState {
  StepStatus status = StepStatus::Pending;
  int attempt = 0;
  int64_t begun_ns = 0;    ///< first attempt
  int64_t attempt_ns = 0;  ///< this attempt
  int64_t ended_ns = 0;    ///< of the last attempt that ended
  int first_attempt = 0;   ///< of what was parked and is tried again: the attempts before that do not count
  int reassertions = 0;
  bool touched = false;  ///< some attempt may have called what takes effect; all that is not known counts as that
  bool taken_over = false;  ///< this attempt was begun by a process before this one: nobody knows what it has called
  uint32_t scope = plan::none;  ///< of an undo: the scope that it takes back; none: the whole run
  std::string detail;
  bool operator==(const StepState&) const = default;
};

}  // namespace rollout::exec
