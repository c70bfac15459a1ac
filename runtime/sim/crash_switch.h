// CrashSwitch: kills the simulated process at chosen operations or moments. Every operation of the engine on its world
// or its journal has a point before and a point after; from the chosen point on nothing that process does has effect.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace rollout::sim {

class CrashSwitch {
 public:
  /// `at_wall_ns`: moments, ascending, by the clock that all runs of a simulation share.
  explicit CrashSwitch(std::vector<int64_t> at = {}, std::vector<int64_t> at_wall_ns = {})
      : dies_at_([at = std::move(at)](int64_t point) { return std::find(at.begin(), at.end(), point) != at.end(); }),
        at_wall_ns_(std::move(at_wall_ns)) {}
  /// Asked once at each point, in their order.
  explicit CrashSwitch(std::function<bool(int64_t point)> dies_at) : dies_at_(std::move(dies_at)) {}
  /// Passes one point; true when the process is dead.
  bool point() {
    if (dead_) return true;
    dead_ = dies_at_(passed_++);
    return dead_;
  }
  /// It is so late; true when the process is dead.
  bool reach(int64_t wall_ns) {
    if (dead_ || moments_ == at_wall_ns_.size() || wall_ns < at_wall_ns_[moments_]) return dead_;
    died_at_.push_back(at_wall_ns_[moments_++]);
    return dead_ = true;
  }
  /// It is so late, and there was no process that could have died before.
  void skip_to(int64_t wall_ns) {
    while (moments_ < at_wall_ns_.size() && at_wall_ns_[moments_] < wall_ns) ++moments_;
  }
  /// It dies here.
  void kill() { dead_ = true; }
  bool dead() const { return dead_; }
  /// Another process starts.
  void revive() { deaths_ += std::exchange(dead_, false); }
  /// Processes that died, and another one started.
  int64_t deaths() const { return deaths_; }
  int64_t passed() const { return passed_; }
  /// The moments at which it was alive, and died.
  const std::vector<int64_t>& died_at_wall_ns() const { return died_at_; }

 private:
  std::function<bool(int64_t)> dies_at_;
  std::vector<int64_t> at_wall_ns_, died_at_;
  int64_t passed_ = 0, deaths_ = 0;
  size_t moments_ = 0;
  bool dead_ = false;
};

}  // namespace rollout::sim
