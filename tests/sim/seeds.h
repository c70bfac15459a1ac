// Which seeds the random campaigns try; from the command line of the test: `--seeds 200000`, `--first 17`, `--long`.
#pragma once

#include <cstdint>

namespace rollout::sim_test {

inline constexpr int64_t seeds_in_ci = 3000;
inline constexpr int64_t seeds_in_long_runs = 500'000;

struct Seeds {
  int64_t first = 1;
  int64_t count = seeds_in_ci;
  bool all_points = false;  ///< long: every single crash point of the longest example
};

/// What the command line said.
const Seeds& seeds();

}  // namespace rollout::sim_test
