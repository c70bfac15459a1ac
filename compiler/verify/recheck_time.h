// Private to recheck: how long things take, counted without the code of the proofs: each step by itself, the chains of
// services that wait for each other on the way back, and all steps one after another.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// Sums that do not leave 64 bits whatever the plan says.
using Time = __int128;
inline constexpr Time forever = INT64_MAX;
Time capped(Time ns);

/// One attempt of the action, and all of them with the pauses between.
Time once(const plan::Action& action);
Time all_attempts(const plan::Action& action);

struct Takes {
  Time best = 0, typical = 0, worst = 0;
};
/// `in_scope`: it is not among what is tried again behind a commit.
Takes time_of(const plan::Plan& plan, uint32_t step, bool in_scope);

/// The way back: the longest chain of services, each built upon the one before.
struct Chain {
  Time worst = 0, once = 0;
  Time lock = 0;  ///< until every lock of it is taken again
  bool acts = false;
};
/// Of the steps [first, end). `running`: the worst so far, by step of the plan; null: nobody asks.
Chain chain_of(const plan::Plan& plan, uint32_t first, uint32_t end, uint32_t scope, std::vector<Time>* running);
Time give_up(const plan::Plan& plan, uint32_t scope, const Chain& chain);

/// By step: when it begins and ends on the fastest way and at worst.
struct Walked {
  std::vector<int64_t> best_begin, best_end, begin, end;
  Time last_begin = 0;  ///< of all steps, at worst
  Time over = 0;        ///< all of it, and what goes back beside
};
Walked walk(const plan::Plan& plan);

}  // namespace rollout::verify
