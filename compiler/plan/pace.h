// Pace: how the engine waits. For the engine, which keeps to it, and for the proofs, which count with it.
#pragma once

#include <cstdint>

namespace rollout::plan {

inline constexpr int64_t max_look_ns = 1'000'000'000;     ///< the longest between two looks at an effect underway
/// How long behind its end a hold waits for its last sample, while a router is being set or does not answer.
inline constexpr int64_t settle_ns = 30'000'000'000;
inline constexpr int64_t first_pause_ns = 1'000'000'000;  ///< between two attempts,
inline constexpr int64_t max_pause_ns = 30'000'000'000;   ///< doubled up to this
/// What is read once is tried so often, with a pause between: before its first step a run may wait, but not for long.
inline constexpr int capture_attempts = 4;
inline constexpr int64_t capture_pause_ns = 5'000'000'000;
inline constexpr int64_t default_within_ns = 60'000'000'000;     ///< of an attempt, where the plan gives no time
inline constexpr int64_t default_rollback_ns = 600'000'000'000;  ///< of a rollback, where the plan gives no bound

}  // namespace rollout::plan
