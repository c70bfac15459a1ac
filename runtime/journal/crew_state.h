// CrewState: one state for a process that drives many runs. Each run has a store of its own, with claims of its own;
// what they need from time to time is asked for all of them at once. For `worker`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/journal/sql_store.h"

namespace rollout::journal {

class CrewState {
 public:
  virtual ~CrewState() = default;
  /// For one run or command, within a task or the first thread. The crew's state outlives it.
  virtual Result<std::unique_ptr<SqlStore>> store() = 0;
  /// From the first thread, again and again: keeps what the runs have claimed, and wakes who was asked something.
  virtual Status tend() = 0;
  /// How often that is needed.
  virtual int64_t tend_ns() const = 0;
  /// Has news when a run is left to others, or one of ours is asked something. For the first thread; null: never.
  virtual effects::Waker* waker() { return nullptr; }
  /// How many of the stores hold claims, where it takes a while to get them.
  virtual std::optional<size_t> claimed() const { return std::nullopt; }
  /// As of Claims.
  virtual Result<std::vector<std::string>> waiting() = 0;
  /// Has every run look around.
  virtual void wake_all() = 0;
};

}  // namespace rollout::journal
