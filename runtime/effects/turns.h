// Turns: tasks of one process, each with a thread to wait in. For those that drive many runs at once. Always true: one
// thread at a time runs our code, and goes on until it waits: in a call into the world, in sleep, or for its turn.
#pragma once

#include <functional>
#include <memory>

#include "runtime/effects/effects.h"

namespace rollout::effects {

/// Wakes the task that sleeps by it (Clock::sleep_until); one that does so later does not sleep.
class Bell : public Waker {
 public:
  virtual void ring() = 0;
  int fd() override { return -1; }
};

class Turns {
 public:
  virtual ~Turns() = default;
  /// For whoever runs: what it waits in lets the others go on meanwhile. Signals wake the thread that took the turns.
  virtual Effects effects() = 0;
  /// Runs beside the caller, from when that waits first. There are as many threads as there were tasks at once.
  virtual void begin(std::function<void()> task) = 0;
  virtual std::unique_ptr<Bell> bell() = 0;
};

/// The caller has the first turn, and ends it by destroying them, once all tasks have ended. `real` outlives them.
std::unique_ptr<Turns> take_turns(const Effects& real);

/// The one of their effects, for who wants to own one. They outlive it.
std::unique_ptr<Sql> shared_sql(Turns& turns);

}  // namespace rollout::effects
