// Breaker: for how long a process leaves an endpoint alone that does not answer, and how often it may repeat a call
// there. For the executor, which keeps one for each endpoint that has failed. Pure: it is told the time. Always true:
// nothing is left alone for longer than most_alone_ns, so that no attempt misses a recovery by more.
#pragma once

#include <cstdint>

#include "runtime/exec/lifecycle.h"

namespace rollout::exec {

inline constexpr int failures_to_trip = 5;                  ///< calls in a row that come to nothing
inline constexpr int64_t first_alone_ns = 1'000'000'000;    ///< doubled for each trip in a row,
inline constexpr int64_t most_alone_ns = 20'000'000'000;    ///< up to this
/// What keeps everything else waiting is left alone for so many times as long; half of it at the least.
inline constexpr int64_t alone_per_call = 4;
inline constexpr int64_t calm_ns = 60'000'000'000;          ///< after an answer: the next trip begins a new row
/// A token bucket: so many repeated calls at once, and then one in so long a time.
inline constexpr int64_t repeats_at_once = 10, repeat_every_ns = 1'000'000'000;

/// `first`, doubled so many times, up to `most`.
int64_t doubled(int64_t first, int64_t most, int times);

struct Breaker {
  BreakerPhase phase = BreakerPhase::Closed;
  int failures = 0;           ///< in a row
  int trips = 0;              ///< in a row
  int64_t called_ns = 0;      ///< when the last call ended
  int64_t away_since_ns = 0;  ///< once it has tripped: when
  int64_t until_ns = 0;       ///< while it is open: no call is made before
  int64_t answered_ns = 0;    ///< when it closed last
  int64_t next_repeat_ns = 0; ///< when the bucket would be full again

  /// When a repeated call may be made, from `at` on.
  int64_t repeat_at(int64_t at) const;
  void take_repeat(int64_t at);

  /// `alone_ns`: what `alone_for` gave, or less. True: it has tripped.
  bool fail(int64_t alone_ns, int64_t now, Walked& walked);
  int64_t alone_for(int64_t took_ns, int64_t now) const;
  /// True: it had tripped.
  bool answer(int64_t now, Walked& walked);
};

}  // namespace rollout::exec
