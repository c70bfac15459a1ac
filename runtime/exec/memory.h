// Memory: what one process knows beside the journal. Losing it is safe: an attempt is then looked at again before
// anything is done, and a hold takes a new starting point before a sample counts.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/exec/breaker.h"
#include "runtime/exec/lifecycle.h"
#include "runtime/exec/resting.h"
#include "runtime/exec/world.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

struct ActMemory {
  ActPhase phase = ActPhase::Looking;
  int polls = 0;
  int64_t next_look_ns = 0;
  int64_t since_ns = 0;  ///< of a router that is set again: when that began
  bool blind = false;    ///< the last look failed
  std::string detail;    ///< what was last seen, or why nothing could be seen
  bool settled = false;  ///< the call, or the last look, failed in a way that no repetition can mend
  bool called = false;   ///< in this attempt
  bool may_succeed_later = false;  ///< the call failed, and may succeed without anybody changing anything
  int repeats = 0;       ///< of the call, within this attempt
};

/// Of one hold: its look at the routers, then at the signals.
struct HoldMemory {
  bool primed = false;
  std::vector<uint32_t> watches;  ///< that it was primed for
  std::set<journal::StepRef> confirmed;  ///< routers seen as asserted since the last sample
  std::map<journal::StepRef, ActMemory> asserting;  ///< routers that are being set again
  int64_t not_before_ns = 0;  ///< a router could not be seen: when to try again
};

/// Asked to stop: by whom, when, and which actions were looked at once more since.
struct Interrupt {
  std::string by;
  int64_t at_ns = 0;
  std::set<journal::StepRef> looked;
};

/// Of what is read once: tries that came to nothing, and when the next one is due.
struct CaptureMemory {
  int attempts = 0;
  int64_t next_ns = 0;
};

/// Of the last look of a way back: tries that came to nothing, and what it has come to.
struct CompareMemory {
  int attempts = 0;
  int64_t next_ns = 0;
  std::optional<Result<std::vector<Astray>>> answer;
};

/// Of one lock that is waited for.
struct LockMemory {
  bool looked = false;  ///< since it was wanted
  int64_t next_look_ns = 0;
  std::string holder;   ///< the run that held it at the last look
};

/// What was found of the plan's calendar: it is closed, or open, for all of this time.
struct Stretch {
  int64_t from_wall_ns = 0, until_wall_ns = 0;
  bool closed = false;
};

struct Memory {
  size_t at_once = 1;  ///< as World::at_once
  CaptureMemory capture;
  std::map<journal::StepRef, ActMemory> acts;
  std::map<journal::StepRef, HoldMemory> holds;
  Resting resting;  ///< of `holds`: those that are primed and not due
  std::map<journal::StepRef, int64_t> lost_ns;  ///< of holds: what calls have taken in which nobody looked at them
  std::map<uint32_t, LockMemory> locks;  ///< by index into Plan::locks
  std::map<std::string, Breaker> breakers;  ///< by endpoint
  std::optional<Interrupt> interrupted;
  CompareMemory compare;
  int64_t wall_ns = 0;  ///< what the wall clock shows, for the plan's calendar
  Stretch calendar;     ///< around `wall_ns`, or before it
  Walked walked;
};

}  // namespace rollout::exec
