#include "runtime/exec/breaker.h"

#include <algorithm>

namespace rollout::exec {

int64_t doubled(int64_t first, int64_t most, int times) {
  int64_t value = first;
  for (int i = 0; i < times && value < most; ++i) value *= 2;
  return std::min(value, most);
}

// GCRA (ITU-T I.371): the bucket as one moment, at which it would be full again.
int64_t Breaker::repeat_at(int64_t at) const {
  return std::max(at, next_repeat_ns - (repeats_at_once - 1) * repeat_every_ns);
}

void Breaker::take_repeat(int64_t at) { next_repeat_ns = std::max(next_repeat_ns, at) + repeat_every_ns; }

int64_t Breaker::alone_for(int64_t took_ns, int64_t now) const {
  bool calm = phase == BreakerPhase::Closed && now - answered_ns >= calm_ns;
  int64_t pause_ns = doubled(first_alone_ns, most_alone_ns, calm ? 0 : trips);
  return std::min(most_alone_ns, std::max(pause_ns, std::min(took_ns, most_alone_ns) * alone_per_call));
}

bool Breaker::fail(int64_t alone_ns, int64_t now, Walked& walked) {
  ++failures;
  called_ns = now;
  bool was_closed = phase == BreakerPhase::Closed;
  if (was_closed && failures < failures_to_trip) return false;
  if (phase == BreakerPhase::Open && now < until_ns) return false;  // a call of a way back, which never waits
  if (was_closed) {
    if (now - answered_ns >= calm_ns) trips = 0;
    away_since_ns = now;
    phase = advance(breaker_rows, phase, BreakerTrigger::Trip, walked.breaker);
  } else {
    phase = advance(breaker_rows, phase, BreakerTrigger::Due, walked.breaker);
    phase = advance(breaker_rows, phase, BreakerTrigger::Failed, walked.breaker);
  }
  ++trips;
  until_ns = now + alone_ns;
  return was_closed;
}

bool Breaker::answer(int64_t now, Walked& walked) {
  failures = 0;
  called_ns = now;
  if (phase == BreakerPhase::Closed) return false;
  if (now >= until_ns) phase = advance(breaker_rows, phase, BreakerTrigger::Due, walked.breaker);
  phase = advance(breaker_rows, phase, BreakerTrigger::Answered, walked.breaker);
  answered_ns = now;
  next_repeat_ns = 0;  // what was held against it is forgotten
  return true;
}

}  // namespace rollout::exec
