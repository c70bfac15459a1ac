// Clock: the only way to time in the runtime. Durations are measured on the monotonic clock,
// wall-clock time is for records and people. The simulation hands in a virtual one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace rollout::effects {

enum class Woke { Time, Signal };

/// What may end a sleep early.
class Waker {
 public:
  virtual ~Waker() = default;
  /// Readable when there may be news; negative: there will be none.
  virtual int fd() = 0;
  /// Takes the news; true when there was any.
  virtual bool take() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  /// Never set back, and never stopped: a suspended machine's time passes, too.
  virtual int64_t monotonic_ns() const = 0;
  /// Nanoseconds since 1970-01-01 UTC.
  virtual int64_t wall_ns() const = 0;
  /// Sleeps until the monotonic time, or until a signal asked the program to stop.
  virtual Woke sleep_until(int64_t monotonic_ns) = 0;
  /// The same, and until there is news.
  virtual Woke sleep_until(int64_t monotonic_ns, Waker&) { return sleep_until(monotonic_ns); }
};

class Signals;

/// The clock of the machine. `signals` wakes sleepers and outlives the clock; null: nothing wakes
/// them.
std::unique_ptr<Clock> real_clock(const Signals* signals);

/// `2026-11-21T21:36:44Z`.
std::string utc_text(int64_t wall_ns);

}  // namespace rollout::effects
