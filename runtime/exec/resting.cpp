#include "runtime/exec/resting.h"

#include <algorithm>
#include <functional>

namespace rollout::exec {

void Resting::rest(uint32_t step, int64_t due_ns, int64_t began_ns, size_t steps) {
  if (queued_ns_.empty()) {
    asleep_ = StepSet(steps);
    queued_ns_.resize(steps);
  }
  asleep_.insert(step);
  last_began_ns_ = std::max(last_began_ns_, began_ns);
  if (queued_ns_[step] == due_ns) return;
  queued_ns_[step] = due_ns;
  queue_.push_back({due_ns, step});
  std::push_heap(queue_.begin(), queue_.end(), std::greater());
}

void Resting::wake(uint32_t step) {
  if (step < queued_ns_.size()) asleep_.erase(step);
}

void Resting::wake_due(int64_t now) {
  while (!queue_.empty() && queue_.front().due_ns <= now) {
    std::pop_heap(queue_.begin(), queue_.end(), std::greater());
    Entry due = queue_.back();
    queue_.pop_back();
    if (queued_ns_[due.step] != due.due_ns) continue;  // it rests until another moment now
    queued_ns_[due.step] = 0;
    wake(due.step);
  }
}

}  // namespace rollout::exec
