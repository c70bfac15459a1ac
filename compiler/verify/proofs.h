// Proofs: what holds of a plan on every path, computed before anything runs. For `check` and `plan`, which report what
// does not hold and store what was computed. Pure, and near-linear in the plan; one proof a file.
// Always true: a bound is never exceeded by the engine, under the assumptions of compiler/plan/facts.h.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/verify/counterexample.h"

namespace rollout::verify {

/// What a finding is about. RollbackTime: the rule's own bound; WayBack: what a rollback restores; Commit: what cannot
/// be taken back stands behind a commit, and something was judged before; Exposure: the budget; Constant: a condition
/// that is always or never true; Contradiction: a gate that nothing passes; Power: a gate that does not see its harm;
/// Starved: one that has too few requests to pass; IdleWatch: a watch that has no time to fire; Window: the calendar is
/// never open for long enough; Start: policies forbid every safe start; Capacity: a share for which a version has too
/// few instances; Takeover: a new stable version with too few for all of the traffic; Growth: a share that shrinks on
/// the way forward; Answer: people have longer to answer than the calendar is open; Beside: a version runs beside what
/// it does not declare; Quota: a target holds more instances at once than it may; Policy: a policy refuses it.
enum class Claim {
  RollbackTime,
  WayBack,
  Commit,
  Exposure,
  Constant,
  Contradiction,
  Power,
  Starved,
  IdleWatch,
  Window,
  Start,
  Capacity,
  Takeover,
  Growth,
  Answer,
  Beside,
  Quota,
  Policy
};

/// Something that was to hold, and does not.
struct Finding {
  Claim claim = Claim::WayBack;
  std::string place;        ///< `release.rollout:12`; empty: the rollout as a whole
  std::string what;         ///< of a bound of time empty, else what is wrong, in words
  int64_t bound_ns = 0;     ///< computed
  int64_t required_ns = 0;  ///< what it was to keep within
  std::vector<Moment> path = {};  ///< from where it matters on
  std::vector<std::string> parts = {};  ///< what the sentence names, in its order
  std::string advice = {};
  Site site = {};            ///< where it shows, from which `explain` makes
  Counterexample shown = {};
  std::vector<plan::Breach> breaches = {};  ///< of Policy: all that show in one step
};

struct Proofs {
  plan::Facts facts;
  std::vector<Finding> findings;
};

Proofs prove(const plan::Plan& plan);

/// Of all these only what runs beside what it does not declare.
std::vector<Finding> find_incompatible(const plan::Plan& plan);

/// Where a regression begins: `in phase complete`, ``with `promote checkout` ``; empty: nowhere in the plan.
std::string begins_text(const plan::Plan& plan, uint32_t step);

}  // namespace rollout::verify
