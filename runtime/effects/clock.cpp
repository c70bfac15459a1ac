#include "runtime/effects/clock.h"

#include <poll.h>
#include <time.h>

#include <fmt/format.h>

#include "runtime/effects/signals.h"

namespace rollout::effects {
namespace {

constexpr int64_t ns_per_s = 1'000'000'000;

int64_t now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t(time.tv_sec) * ns_per_s + time.tv_nsec;
}

class RealClock : public Clock {
 public:
  explicit RealClock(const Signals* signals) : signals_(signals) {}

  // Unlike CLOCK_MONOTONIC it goes on while the machine is suspended.
  int64_t monotonic_ns() const override { return now(CLOCK_BOOTTIME); }
  int64_t wall_ns() const override { return now(CLOCK_REALTIME); }

  Woke sleep_until(int64_t until_ns) override { return sleep(until_ns, nullptr); }
  Woke sleep_until(int64_t until_ns, Waker& waker) override { return sleep(until_ns, &waker); }

 private:
  Woke sleep(int64_t until_ns, Waker* waker) {
    while (true) {
      if (signals_ && signals_->take()) return Woke::Signal;
      if (waker && waker->take()) return Woke::Time;
      const int64_t left_ns = until_ns - monotonic_ns();
      if (left_ns <= 0) return Woke::Time;
      const timespec timeout{time_t(left_ns / ns_per_s), long(left_ns % ns_per_s)};
      pollfd wake[] = {{signals_ ? signals_->fd() : -1, POLLIN, 0}, {waker ? waker->fd() : -1, POLLIN, 0}};
      ppoll(wake, 2, &timeout, nullptr);
    }
  }

  const Signals* signals_;
};

}  // namespace

std::unique_ptr<Clock> real_clock(const Signals* signals) {
  return std::make_unique<RealClock>(signals);
}

std::string utc_text(int64_t wall_ns) {
  const time_t seconds = time_t(wall_ns / ns_per_s);
  tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace rollout::effects
