// Integer server weights whose ratio is a wanted share. Pure arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::backend {

inline constexpr int max_weight = 256;
inline constexpr int64_t share_tolerance_ppb = 1'000'000;  ///< 0.1% of the traffic

/// One weight a server, 1..256 each; a role without share has none.
struct ShareWeights {
  std::vector<int> canary, stable;
};

/// The error says which shares next to the wanted one are possible with so many servers.
Result<ShareWeights> weights_for(int64_t canary_ppb, int canary_servers, int stable_servers);

/// `part` of `total` weights as a share; 0 of 0 is 0.
int64_t share_of(int64_t part, int64_t total);

}  // namespace rollout::backend
