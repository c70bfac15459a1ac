// Resting: the holds of which a clock alone decides, each with the moment at which it is due. For the executor, which
// so looks only at those whose moment has come, however many wait beside them.
// Always true: it is no more than a memory; to forget it costs one look at each hold, and changes nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/exec/frontier.h"

namespace rollout::exec {

class Resting {
 public:
  /// Of `steps` steps. `began_ns`: when its hold did.
  void rest(uint32_t step, int64_t due_ns, int64_t began_ns, size_t steps);
  void wake(uint32_t step);
  void wake_due(int64_t now);
  void clear() { *this = Resting(); }

  bool any() const { return !asleep_.empty(); }
  const StepSet& asleep() const { return asleep_; }
  /// When the first of them is due, or before; there are some.
  int64_t due_ns() const { return queue_.front().due_ns; }
  /// No one among them began later.
  int64_t last_began_ns() const { return last_began_ns_; }

 private:
  struct Entry {
    int64_t due_ns = 0;
    uint32_t step = 0;
    bool operator>(const Entry& other) const { return due_ns > other.due_ns; }
  };

  StepSet asleep_;
  std::vector<Entry> queue_;        ///< a heap; one that was woken stays in it until it would have been due
  std::vector<int64_t> queued_ns_;  ///< by step: the moment with which it is in `queue_`; 0: it is not
  int64_t last_began_ns_ = 0;
};

}  // namespace rollout::exec
