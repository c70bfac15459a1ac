// The life cycles of a run, of a pause and of a rollback.
#pragma once

#include "runtime/exec/cycle_row.h"

namespace rollout::exec {

enum class RunPhase { Running, RollingBack, Succeeded, RolledBack, Parked };
enum class RunTrigger { AllDone, LeftBehind, Stop, Abort, Restored, CannotRestore, Reopen };
inline constexpr Row<RunPhase, RunTrigger> run_rows[] = {
    {RunPhase::Running, RunTrigger::AllDone, RunPhase::Succeeded},
    {RunPhase::Running, RunTrigger::LeftBehind, RunPhase::Parked},  // all done but scopes that have gone back
    {RunPhase::Running, RunTrigger::Stop,
     RunPhase::RollingBack},  // a step or a gate failed, a watch fired
    {RunPhase::Running, RunTrigger::Abort, RunPhase::RollingBack},
    {RunPhase::RollingBack, RunTrigger::Abort, RunPhase::RollingBack},  // accepted, changes nothing
    {RunPhase::RollingBack, RunTrigger::Restored, RunPhase::RolledBack},
    {RunPhase::RollingBack, RunTrigger::CannotRestore, RunPhase::Parked},
    {RunPhase::Succeeded, RunTrigger::Reopen, RunPhase::Running},  // aborted at once: it only goes back
};

/// Of a person's pause of the run, and of one of all runs.
enum class PausePhase { Moving, Paused };
enum class PauseTrigger { Pause, Lift, GoBack };
inline constexpr Row<PausePhase, PauseTrigger> pause_rows[] = {
    {PausePhase::Moving, PauseTrigger::Pause, PausePhase::Paused},
    {PausePhase::Paused, PauseTrigger::Lift, PausePhase::Moving},
    {PausePhase::Paused, PauseTrigger::GoBack, PausePhase::Moving},  // a way back is never kept waiting
};

/// Of the run, and of each scope that goes back on its own.
enum class RollbackPhase { None, Undoing, Verifying, Complete, Stuck, Withheld };
enum class RollbackTrigger { Begin, Undone, UndoneToVerify, UndoFailed, Verified, NotVerified, TryAgain, Withhold };
inline constexpr Row<RollbackPhase, RollbackTrigger> rollback_rows[] = {
    {RollbackPhase::None, RollbackTrigger::Begin, RollbackPhase::Undoing},
    {RollbackPhase::Undoing, RollbackTrigger::Undone, RollbackPhase::Complete},
    {RollbackPhase::Undoing, RollbackTrigger::UndoneToVerify, RollbackPhase::Verifying},
    {RollbackPhase::Undoing, RollbackTrigger::UndoFailed, RollbackPhase::Stuck},
    {RollbackPhase::Verifying, RollbackTrigger::Verified, RollbackPhase::Complete},
    {RollbackPhase::Verifying, RollbackTrigger::NotVerified, RollbackPhase::Stuck},
    {RollbackPhase::Stuck, RollbackTrigger::Begin, RollbackPhase::Undoing},  // of a scope: a person has resumed the run
    {RollbackPhase::Complete, RollbackTrigger::TryAgain,
     RollbackPhase::None},  // behind a checkpoint: a person has resumed the run
    {RollbackPhase::None, RollbackTrigger::Withhold, RollbackPhase::Withheld},  // it would lead to a held version
    {RollbackPhase::Withheld, RollbackTrigger::Begin, RollbackPhase::Undoing},  // a person has asked for it
};

}  // namespace rollout::exec
