// CrashSwitch: kills the simulated process at chosen operations. Every operation of the engine on its world or its
// journal has a point before and a point after; from the chosen point on nothing that process does has an effect.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rollout::sim {

class CrashSwitch {
 public:
  explicit CrashSwitch(std::vector<int64_t> at) : at_(std::move(at)) {}
  /// Passes one point; true when the process is dead.
  bool point() {
    if (dead_) return true;
    dead_ = std::find(at_.begin(), at_.end(), passed_++) != at_.end();
    return dead_;
  }
  bool dead() const { return dead_; }
  /// Another process starts.
  void revive() { dead_ = false; }
  int64_t passed() const { return passed_; }

 private:
  std::vector<int64_t> at_;
  int64_t passed_ = 0;
  bool dead_ = false;
};

}  // namespace rollout::sim
