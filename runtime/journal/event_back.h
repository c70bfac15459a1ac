// What takes a run back, where that leads, and what it may not lead to. Part of the set of events (event.h), closed and
// versioned with it.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/plan/plan.h"

namespace rollout::journal {

/// Exposure: users were on what nothing had looked at for longer than the plan's budget. Asked: a person has found the
/// version bad.
enum class Cause { StepFailed, GateFailed, NoEvidence, Watch, Abort, Rejected, Unapproved, Exposure, Asked };
/// A person wanted it.
constexpr bool by_hand(Cause cause) { return cause == Cause::Abort || cause == Cause::Asked; }
/// It says something of the version, and not only of its surroundings: the version is held.
constexpr bool speaks_against(Cause cause) {
  return cause == Cause::GateFailed || cause == Cause::Watch || cause == Cause::Asked;
}

/// A version that ran when a run began, and that no run of this record has brought well: a rollback leads to it.
struct BackTo {
  uint32_t service = plan::none;  ///< index into Plan::services
  std::string version;
  bool held = false;  ///< a gate, a watch or a person has spoken against it, and nobody has let it through
  std::string why;    ///< for people: what the record says of it
};

/// What a service was seen to run at the end of a way back; empty: nothing.
struct Found {
  uint32_t service = plan::none;  ///< index into Plan::services
  std::string version;
};

struct RollbackStarted {
  Cause cause = Cause::StepFailed;
  uint32_t from_step = plan::none;  ///< the furthest step that had begun; none: nothing had
  std::string detail;
};

/// It would lead to a version that is held, and no person has asked for it: the run stays where it is, for a person.
struct RollbackWithheld {
  Cause cause = Cause::StepFailed;
  std::string detail;  ///< what would have taken the run back
};

}  // namespace rollout::journal
