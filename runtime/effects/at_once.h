// AtOnce: calls into the world that are under way at the same time. For a live world, whose backends wait in the middle
// of what they do. Always true: one thread at a time runs our code; the others wait in a call, or for their turn.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/effects/effects.h"

namespace rollout::effects {

class AtOnce {
 public:
  virtual ~AtOnce() = default;
  /// For what runs in `run`: whoever waits in HTTP, a command, SQL, a unix socket, a file or in sleep lets others go on
  /// meanwhile. Outside of `run` they are the effects that it was made from.
  virtual Effects effects() = 0;
  /// Runs all of them and returns when the last one has ended; no more than `most` at the same time, the first ones
  /// first. A task alone runs as if it were called. `meanwhile` is called once, when the first ones wait; before a task
  /// alone. Not from within a task.
  virtual void run(std::vector<std::function<void()>> tasks, const std::function<void()>& meanwhile) = 0;
};

/// `real` outlives it. Where its effects are those of turns, they share these.
std::unique_ptr<AtOnce> threads_at_once(const Effects& real, size_t most);

}  // namespace rollout::effects
