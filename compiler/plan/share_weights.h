// Integer server weights whose ratios are wanted shares: what a router with weights can make. For the planner, which
// refuses what cannot be made, and for such routers' backends. Pure arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::plan {

inline constexpr int max_weight = 256;
inline constexpr int64_t share_tolerance_ppb = 1'000'000;  ///< 0.1% of the traffic

/// The share of one role and the servers that it is spread over.
struct RoleShare {
  int64_t share_ppb = 0;
  int64_t servers = 0;
};

/// The stable version has what is left; a control without servers takes no part.
struct WantedShares {
  RoleShare canary, control;
  int64_t stable_servers = 0;
  int64_t most = max_weight;  ///< of one server; at least 1
};

/// Sums of the weights of each role, and how far the worst share is from what is wanted.
struct WeightSums {
  int64_t canary = 0, control = 0, stable = 0;
  int64_t error_ppb = INT64_MAX;
};

/// The nearest sums; the first that are no farther off than `enough_ppb`. Both shares of `wanted` are above 0% and
/// leave something.
WeightSums nearest_sums(const WantedShares& wanted, int64_t enough_ppb);

/// One weight a server, 1..most each; a role without share has none.
struct ShareWeights {
  std::vector<int> canary, stable, control;
};

/// The error says which shares next to the wanted ones are possible with so many servers.
Result<ShareWeights> weights_for(const WantedShares& wanted);

/// `part` of `total` weights as a share; 0 of 0 is 0.
int64_t share_of(int64_t part, int64_t total);

}  // namespace rollout::plan
