// The life cycles of a step, or of one undo action, and of one attempt of what acts.
#pragma once

#include "runtime/exec/cycle_row.h"

namespace rollout::exec {

/// As the journal has it. Of an undo action as well.
enum class StepStatus { Pending, Begun, Pausing, Done, Failed };
enum class StepTrigger { Begin, End, AttemptOver, LastOver, Retry, Anew };
inline constexpr Row<StepStatus, StepTrigger> step_rows[] = {
    {StepStatus::Pending, StepTrigger::Begin, StepStatus::Begun},
    {StepStatus::Pausing, StepTrigger::Begin, StepStatus::Begun},
    {StepStatus::Begun, StepTrigger::End, StepStatus::Done},
    {StepStatus::Begun, StepTrigger::AttemptOver, StepStatus::Pausing},
    {StepStatus::Begun, StepTrigger::LastOver, StepStatus::Failed},
    // Of an undo whose lock was not free in time.
    {StepStatus::Pending, StepTrigger::LastOver, StepStatus::Failed},
    {StepStatus::Pausing, StepTrigger::LastOver, StepStatus::Failed},
    {StepStatus::Failed, StepTrigger::Retry, StepStatus::Pausing},  // a person has resumed the run
    // Behind a checkpoint, all of which a person lets begin anew.
    {StepStatus::Begun, StepTrigger::Anew, StepStatus::Pending},
    {StepStatus::Pausing, StepTrigger::Anew, StepStatus::Pending},
    {StepStatus::Done, StepTrigger::Anew, StepStatus::Pending},
    {StepStatus::Failed, StepTrigger::Anew, StepStatus::Pending},
};

/// Where one attempt of an action is. Only Pending, Done and Failed are durable as such: after a crash an attempt
/// whose intent is in the journal starts again at Looking, so nothing is ever done unseen.
enum class ActPhase { Pending, Looking, Acting, Checking, Waiting, Pausing, Done, Failed };
enum class ActTrigger {
  Begin,  ///< the intent is recorded
  TakenOver,  ///< by another process, and the call, which may have been made, must not be made twice
  SeenAbsent,
  SeenUnderway,
  SeenPresent,
  SeenFailed,   ///< what an observation showed
  Blind,        ///< it could not be looked at
  ActOk,        ///< the call was accepted
  ActError,     ///< the call failed: whether it took effect is unknown
  TryAgain,     ///< it had no effect, and may succeed later: again, within the time of the attempt
  AttemptOver,  ///< its time is over, another attempt may follow
  LastOver,     ///< its time is over and no attempt is left
};
inline constexpr Row<ActPhase, ActTrigger> act_rows[] = {
    {ActPhase::Pending, ActTrigger::Begin, ActPhase::Looking},
    {ActPhase::Pending, ActTrigger::TakenOver, ActPhase::Waiting},
    {ActPhase::Looking, ActTrigger::SeenAbsent, ActPhase::Acting},
    {ActPhase::Looking, ActTrigger::SeenFailed, ActPhase::Acting},
    {ActPhase::Looking, ActTrigger::SeenUnderway, ActPhase::Looking},
    {ActPhase::Looking, ActTrigger::SeenPresent, ActPhase::Done},
    {ActPhase::Looking, ActTrigger::Blind, ActPhase::Looking},
    {ActPhase::Looking, ActTrigger::AttemptOver, ActPhase::Pausing},
    {ActPhase::Looking, ActTrigger::LastOver, ActPhase::Failed},
    {ActPhase::Acting, ActTrigger::ActOk, ActPhase::Waiting},
    {ActPhase::Acting, ActTrigger::ActError, ActPhase::Checking},
    {ActPhase::Checking, ActTrigger::SeenPresent, ActPhase::Done},
    {ActPhase::Checking, ActTrigger::SeenUnderway, ActPhase::Waiting},
    {ActPhase::Checking, ActTrigger::Blind, ActPhase::Checking},
    {ActPhase::Checking, ActTrigger::TryAgain, ActPhase::Looking},
    {ActPhase::Checking, ActTrigger::AttemptOver, ActPhase::Pausing},
    {ActPhase::Checking, ActTrigger::LastOver, ActPhase::Failed},
    {ActPhase::Waiting, ActTrigger::SeenPresent, ActPhase::Done},
    {ActPhase::Waiting, ActTrigger::SeenAbsent, ActPhase::Waiting},
    {ActPhase::Waiting, ActTrigger::SeenUnderway, ActPhase::Waiting},
    {ActPhase::Waiting, ActTrigger::Blind, ActPhase::Waiting},
    {ActPhase::Waiting, ActTrigger::AttemptOver, ActPhase::Pausing},
    {ActPhase::Waiting, ActTrigger::LastOver, ActPhase::Failed},
    {ActPhase::Pausing, ActTrigger::Begin, ActPhase::Looking},
};

}  // namespace rollout::exec
