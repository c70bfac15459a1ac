// What policies say of a finished plan: the orders of steps that they ask for, who has excepted it from one, and what
// breaks one. Part of the plan (plan.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/span.h"

namespace rollout::plan {

/// `approval before promote on every path`, for the steps that it means. On every path: when one of `then` begins, one
/// of `first` has passed. On some path: one of `first` may pass before one of `then` begins.
struct OrderRule {
  std::string policy;
  std::string text;
  bool some = false;        ///< on some path
  bool two_people = false;  ///< what has passed of `first`, all approvals, somebody else than the author surely said
  std::vector<uint32_t> first, then;  ///< steps, ascending
};

/// Somebody has let this rollout off a policy. From `until_wall_ns` on nothing is begun with it.
struct PolicyException {
  std::string policy;
  std::string reason;
  std::string asked;     ///< who wants it
  std::string approved;  ///< who lets it; somebody else
  std::string team;      ///< of which they are a member
  int64_t until_wall_ns = 0;
  std::string until;     ///< `2026-12-31 in Europe/Stockholm`
};

/// Something in a plan that a policy refuses.
struct Breach {
  std::string policy;
  std::string why;   ///< `first_phase.share is 10%, not <= 5%`
  std::string from;  ///< `shift checkout to 10% (release.rollout:12)`; empty: the plan as a whole
  Span asked;        ///< the clause of the policy, or the call that leads to it
  uint32_t step = UINT32_MAX;          ///< in which it shows; UINT32_MAX: in none
  std::vector<uint32_t> missing = {};  ///< of an order: steps of which none has passed then
  uint32_t fails = UINT32_MAX;         ///< a step whose scope has to fail for it, and goes back
  bool alone = false;                  ///< one of them has passed, by one person alone
  std::optional<int64_t> longest_ns = {};  ///< of `duration.worst`: how long a run may take
  bool nowhere = false;                ///< of `for some`: all of a run has passed, and nothing in it was as it is to be
};

}  // namespace rollout::plan
