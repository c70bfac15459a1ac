// The life cycles of a run, of an action, of a rollback and of a pause, each as one table. For the engine, which moves
// along the rows and nowhere else, and for the tests, which walk every row. A move that has no row is a bug.
#pragma once

#include <bitset>
#include <cstddef>
#include <iterator>

#include "compiler/base/check.h"

namespace rollout::exec {

template <typename State, typename Trigger>
struct Row {
  State from;
  Trigger on;
  State to;
};

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
enum class RollbackPhase { None, Undoing, Verifying, Complete, Stuck };
enum class RollbackTrigger { Begin, Undone, UndoneToVerify, UndoFailed, Verified, NotVerified, TryAgain };
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
};

/// Of one endpoint, as a process knows it: whether calls are made. Nygard's circuit breaker ("Release It!", 2007).
enum class BreakerPhase { Closed, Open, Trying };
enum class BreakerTrigger { Trip, Due, Answered, Failed };
inline constexpr Row<BreakerPhase, BreakerTrigger> breaker_rows[] = {
    {BreakerPhase::Closed, BreakerTrigger::Trip, BreakerPhase::Open},
    {BreakerPhase::Open, BreakerTrigger::Due, BreakerPhase::Trying},  // one call goes out
    {BreakerPhase::Trying, BreakerTrigger::Answered, BreakerPhase::Closed},
    {BreakerPhase::Trying, BreakerTrigger::Failed, BreakerPhase::Open},
    {BreakerPhase::Open, BreakerTrigger::Answered, BreakerPhase::Closed},  // a call of a way back, which never waits
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

/// Which rows were taken, by index: for the test that walks every row.
struct Walked {
  std::bitset<std::size(run_rows)> run;
  std::bitset<std::size(rollback_rows)> rollback;
  std::bitset<std::size(act_rows)> act;
  std::bitset<std::size(pause_rows)> pause;
  std::bitset<std::size(breaker_rows)> breaker;
};

template <typename State, typename Trigger, size_t N>
constexpr size_t row_of(const Row<State, Trigger> (&rows)[N], State from, Trigger on) {
  for (size_t i = 0; i < N; ++i)
    if (rows[i].from == from && rows[i].on == on) return i;
  return N;
}

/// The state after `on`; there must be a row for it.
template <typename State, typename Trigger, size_t N>
State advance(const Row<State, Trigger> (&rows)[N], State from, Trigger on,
              std::bitset<N>& walked) {
  size_t row = row_of(rows, from, on);
  ROLLOUT_CHECK(row < N, "every move of a life cycle has a row in its table");
  walked.set(row);
  return rows[row].to;
}

}  // namespace rollout::exec
