// How often an action may be attempted: what `check` lets a backend say, and what a plan that is read may say.
#pragma once

#include <cstdint>

namespace rollout::eval {

inline constexpr int64_t max_attempts = 100;

}  // namespace rollout::eval
