// Runs beside a run: the locks that it takes and what becomes of it when a newer one begins. Data of a plan; for the
// planner, the engine and the previews.
#pragma once

#include <cstdint>
#include <string>

namespace rollout::plan {

inline constexpr int64_t default_lock_ns = 600'000'000'000;     ///< how long a lock is waited for: 10m
inline constexpr int64_t default_newer_ns = 3'600'000'000'000;  ///< how long a newer run waits for the older one: 1h
inline constexpr int64_t most_wait_ns = 30LL * 86'400 * 1'000'000'000;  ///< nobody waits for longer

/// A part of a plan during which no other run on the same state holds the lock of this name.
struct Lock {
  std::string name;          ///< what the state knows it by: `schema`, or `production/schema`
  int64_t within_ns = 0;     ///< how long it is waited for
  uint32_t first_step = 0;   ///< takes it
  uint32_t last_step = 0;    ///< gives it back
};

/// What happens when a newer run wants to begin while this one has not ended. Reject: it is refused. Queue: it waits
/// for the end of this one. Replace: this one is taken back first.
enum class OnNewer { Reject, Queue, Replace };
struct Newer {
  OnNewer then = OnNewer::Reject;
  int64_t within_ns = 0;  ///< of Queue and Replace: how long the newer one waits
};

}  // namespace rollout::plan
