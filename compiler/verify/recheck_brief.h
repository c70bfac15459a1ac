// Private to recheck: the plan in brief. Steps and gates of a plan are large and lie far apart; each is read once here,
// and what is counted of it stands side by side. Shares no code with the proofs.
// Always true: times are at least zero and at most `forever`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// Sums that do not leave 64 bits whatever the plan says.
using Time = __int128;
inline constexpr Time forever = INT64_MAX;
inline int64_t capped(Time ns) { return int64_t(ns < 0 ? 0 : ns > forever ? forever : ns); }
/// Of two times.
inline int64_t plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/// What an action makes of what users meet; -1: it leaves it as it is.
struct Change {
  int64_t share = -1, routed = -1;
  bool any() const { return share >= 0 || routed >= 0; }
};
Change change_of(const plan::Action& action);

struct BriefAction {
  int64_t once = 0, all = 0;  ///< one attempt, and all of them with the pauses between
  bool changes = false;       ///< what users meet
};
BriefAction brief_of(const plan::Action& action);

/// What undoes a service, one action after another.
struct BriefList {
  int64_t once = 0, all = 0;
  int64_t gone = 0;  ///< with all attempts, until the last of what users meet is taken back
};

struct BriefStep {
  plan::StepKind kind = plan::StepKind::Act;
  uint32_t service = plan::none;  ///< of Act
  uint32_t phase = plan::none;
  uint32_t scope = plan::none;    ///< the innermost
  uint32_t after = 0;             ///< where the steps that it comes after begin in Brief::afters
  bool judges = false;            ///< a hold with a gate that declares a harm, or may prove one
  bool parks = false;             ///< for want of an answer
  bool own_lists = false;         ///< of scopes
  int64_t best = 0, typical = 0, worst = 0;
  int64_t answered = 0;           ///< at worst, where people answer at once
  int64_t acting = 0;             ///< of Act: with whatever is tried again behind a commit
  BriefList back;                 ///< of Act: to the start of the run
  Change change;                  ///< of Act
};

struct Brief {
  explicit Brief(const plan::Plan& plan);
  /// The earlier steps that it comes after.
  std::span<const uint32_t> after(uint32_t step) const {
    return {afters.data() + steps[step].after, afters.data() + steps[step + 1].after};
  }
  uint32_t size() const { return uint32_t(steps.size() - 1); }
  /// What undoes the step's service as far as the entry of `scope`.
  BriefList list(uint32_t step, uint32_t scope) const;

  const plan::Plan& plan;
  std::vector<BriefStep> steps;     ///< and one more, where the afters end
  std::vector<uint32_t> afters;
  std::vector<BriefAction> undo;    ///< by Plan::undo
  std::vector<bool> judged;         ///< by gate: a hold names it
};

}  // namespace rollout::verify
