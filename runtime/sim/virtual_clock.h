// VirtualClock: time that passes only when the engine waits. For simulation and tests. Sleeping never passes a
// moment at which something is scripted to happen.
#pragma once

#include <algorithm>
#include <vector>

#include "runtime/effects/clock.h"

namespace rollout::sim {

/// 2026-01-05T00:00:00Z, a Monday: simulated time starts here, so that its records look alike every time; under a
/// calendar when it opens next, unless the scenario says when.
inline constexpr int64_t epoch_wall_ns = 1'767'571'200'000'000'000;

class VirtualClock : public effects::Clock {
 public:
  explicit VirtualClock(int64_t start_wall_ns = epoch_wall_ns) : start_wall_ns_(start_wall_ns) {}
  int64_t monotonic_ns() const override { return now_ns_; }
  int64_t wall_ns() const override { return start_wall_ns_ + now_ns_; }
  effects::Woke sleep_until(int64_t monotonic_ns) override {
    int64_t until = monotonic_ns;
    for (int64_t wake : wakes_)
      if (wake > now_ns_) until = std::min(until, wake);
    now_ns_ = std::max(now_ns_, until);
    return effects::Woke::Time;
  }
  void pass(int64_t ns) { now_ns_ += ns; }
  /// A moment that no sleep passes over.
  void wake_at(int64_t monotonic_ns) { wakes_.push_back(monotonic_ns); }

 private:
  int64_t start_wall_ns_;
  int64_t now_ns_ = 0;
  std::vector<int64_t> wakes_;
};

}  // namespace rollout::sim
