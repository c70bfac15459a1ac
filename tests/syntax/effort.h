// How much the comparisons try; from the command line of the test: `--long`.
#pragma once

#include <cstdint>

namespace rollout::syntax_test {

struct Effort {
  uint32_t lines = 400;      ///< of the corpus, taken apart character by character
  uint32_t soups = 6000;     ///< random texts
  uint32_t mutants = 2500;   ///< programs with a few tokens changed
  uint32_t generated = 60;   ///< generated programs
};

inline constexpr Effort long_effort = {UINT32_MAX, 2'000'000, 400'000, 20'000};

/// What the command line said.
const Effort& effort();

}  // namespace rollout::syntax_test
