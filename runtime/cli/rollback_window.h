// How long after its success a run may be taken back by one command. For `rollback`, and for `explain` and the
// summary, which say so.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/event.h"

namespace rollout::cli {

/// A weekend and a day: who comes back on Monday can still undo Friday.
inline constexpr int64_t usual_window_ns = int64_t{72} * 3'600 * 1'000'000'000;

/// What `rollback { kept D }` says, else as is usual.
inline int64_t rollback_window_ns(const plan::Plan& plan) {
  return plan.rollback.kept_ns > 0 ? plan.rollback.kept_ns : usual_window_ns;
}

/// When a run ended, on the wall clock; of one that has not, its last event.
int64_t ended_wall_ns(const std::vector<journal::Event>& events);

}  // namespace rollout::cli
