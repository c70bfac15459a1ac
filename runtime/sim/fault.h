// Fault: what goes wrong in the simulated world, as data: which calls, looks, samples or writes meet it, and when.
// For scenarios.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/plan/plan.h"

namespace rollout::sim {

enum class FaultKind {
  FailAction,    ///< the call is refused and has no effect
  Busy,          ///< the call has no effect, as by a 503: the same call may succeed later
  LoseEffect,    ///< the call is accepted and nothing happens
  LoseReply,     ///< the call takes effect, the caller gets an error
  SlowAction,    ///< the effect is complete only after `delay_ns`
  HalfEffect,    ///< of what the call sets only the first is ever there
  DieAtOnce,     ///< what was started dies: the observation says Failed
  ObserveError,  ///< actions cannot be observed
  MetricsError,  ///< the metrics source answers with errors
  MetricsEmpty,  ///< the metrics source has no data
  Unsettled,     ///< what is complete shows as underway again, as while instances behind a router seem to be down
  RouterReset,   ///< at `from_ns` all canary weights are lost
  StoreAway,     ///< the journal cannot be written
  StoreRefuses,  ///< the journal refuses a write, whenever it comes; the next one is taken
  StoreLosesReply,  ///< the journal takes a write, the caller gets an error
  StoreGone,      ///< the journal can be neither written nor read, and nobody can ask anything of the run
  StorePoisoned,  ///< a process that takes the run over finds its record damaged
};

inline bool is_of_store(FaultKind kind) { return kind >= FaultKind::StoreAway; }

/// Between `from_ns` and `until_ns`, at most `times` times (-1: always); of actions only those that match.
struct Fault {
  FaultKind kind = FaultKind::FailAction;
  std::string capability;         ///< empty: any
  std::string action;             ///< empty: any
  uint32_t service = plan::none;  ///< none: any
  uint32_t phase = plan::none;    ///< forward steps of this phase; none: any
  std::optional<bool> undo;       ///< only forward, only undo; nothing: both
  uint32_t step = plan::none;     ///< this step, or with `undo` this undo action; none: any
  int times = 1;
  int skip = 0;  ///< the first so many matching calls pass undisturbed
  int64_t from_ns = 0;
  int64_t until_ns = INT64_MAX;
  int64_t delay_ns = 0;  ///< of SlowAction
  bool settled = false;  ///< of FailAction and ObserveError: the error says that no repetition can succeed
  uint32_t given = plan::none;  ///< here and below: by which entry of a test; none: of no test
};

}  // namespace rollout::sim
