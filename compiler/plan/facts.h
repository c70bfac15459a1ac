// Facts: what was proven of a plan before anything runs. Part of the plan (plan.h); compiler/verify computes them and
// checks them again, docs/proofs.md says what each of them means.
// Always true: a bound holds on every path, as long as a process drives the run, its journal can be written, and nobody
// else changes what the run has set; how long a person leaves a parked run alone is no part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/calendar/calendar.h"

namespace rollout::plan {

inline constexpr int facts_version = 1;

/// How long one phase takes.
struct PhaseFacts {
  int64_t best_ns = 0, typical_ns = 0, worst_ns = 0;
  int64_t back_ns = 0;               ///< the way back from any point up to its end, at worst
  std::optional<int64_t> detect_ns;  ///< until a regression that begins with its first judged hold is proven
  std::optional<int64_t> harm_ns;    ///< exposure to a regression that begins in it, until it is taken back
  std::optional<int64_t> sees_ppb;   ///< the smallest rise of what `harm` names that its own hold proves
};

/// Of one service, or flag: how much of the new version users may meet, as a duration of full traffic.
struct ExposureFacts {
  uint32_t service = 0;             ///< index into Plan::services
  std::optional<int64_t> harm_ns;   ///< of a regression as large as `harm`, whenever it begins
  int64_t unseen_ns = 0;            ///< of one that no gate sees: the whole path, and the way back from its end
  uint32_t harm_step = UINT32_MAX;  ///< with `harm_ns`: in which step such a regression begins at its worst
};

/// From when a run meets no close, however long everything takes.
struct SafeStart {
  int64_t needs_ns = 0;  ///< from its start on it needs the calendar open for longer than this
  std::vector<calendar::Window> weekly = {};  ///< starts, in a week without other dates and changes of the clocks
};

/// What one version meets in the states of all paths, forward and back.
struct BesideFacts {
  uint32_t beside = 0;             ///< index into Plan::beside
  std::vector<std::string> meets;  ///< versions or schemas, in alphabetical order
};

/// The most instances that a target with a quota holds at once, on any path.
struct PeakFacts {
  uint32_t target = 0;  ///< index into Plan::targets
  int64_t instances = 0;
};

struct Facts {
  int64_t best_ns = 0;     ///< forward: every action is done at once, every gate decides at the end of its hold
  int64_t typical_ns = 0;  ///< every action takes all the time of one attempt; people answer at once
  int64_t worst_ns = 0;    ///< every attempt of every action, every extension of a hold, every deadline of people
  bool parks = false;      ///< somebody's silence may park the run, and then it waits for a person
  int64_t back_ns = 0;       ///< everything is restored: every attempt that each action is given is needed
  int64_t back_once_ns = 0;  ///< the same with one attempt of each action, which takes all of its time
  int64_t give_up_ns = 0;    ///< everything is restored or the run is parked, whatever fails
  std::optional<int64_t> detect_ns;  ///< the longest of all phases in which a regression is proven
  /// A version that is as good as its gates ask for goes back by mistake at most so often in a run: by one of the
  /// conditions that are proven, over all phases and looks.
  std::optional<int64_t> false_alarm_ppb;
  std::optional<SafeStart> start;           ///< of a plan with `during`
  std::optional<SafeStart> start_answered;  ///< the same where people answer at once; left out where nobody is asked
  std::vector<ExposureFacts> exposure;  ///< by service, those with any
  std::vector<PhaseFacts> phases;       ///< by phase
  std::vector<BesideFacts> beside;      ///< those that meet anything
  std::vector<PeakFacts> peaks;         ///< by target, those with a quota
};

}  // namespace rollout::plan
