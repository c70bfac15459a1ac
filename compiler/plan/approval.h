// Approval: people who must say yes before the way goes on, and what follows when they do not answer in time. For the
// planner, the engine and the previews. Always true: its time has an end, and so many members can say yes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/undo_scope.h"

namespace rollout::plan {

/// What follows when not enough people have approved in time. Park: the run stops where it is and can be resumed or
/// aborted; Rollback: it goes back; Fail: the step has failed.
enum class Unapproved { Park, Rollback, Fail };

/// Who is asked as well once the team has not answered for so long; their members then count like the team's.
struct Escalation {
  std::string team;
  std::vector<std::string> members;
  int64_t after_ns = 0;     ///< less than the approval's time-out
  uint32_t channel = none;  ///< as of Approval
};

/// Who must approve before the way goes on. Nothing but `quorum` different members passes it.
struct Approval {
  std::string team;
  std::vector<std::string> members;
  int64_t quorum = 1;  ///< at least 1, at most all members
  int64_t timeout_ns = 0;
  Unapproved on_timeout = Unapproved::Park;
  std::optional<Escalation> escalation = {};
  uint32_t channel = none;  ///< index into Plan::channels: who is told that they are asked; none: nobody
  std::string confirms = {};  ///< what is asked of them, in a preflight: that this is so; empty: to go on
};

}  // namespace rollout::plan
