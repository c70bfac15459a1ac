#include "runtime/backend/share_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/eval/value.h"

namespace rollout::backend {
namespace {

using eval::percent_all;

constexpr int full_weight = 100;

/// Sums of the weights of the two roles, and how far their ratio is from the wanted share.
struct Sums {
  int64_t canary = 0, stable = 0;
  int64_t error_ppb = INT64_MAX;
};

Sums nearest_stable(int64_t canary_ppb, int64_t canary, int64_t low, int64_t high, int64_t step) {
  const double exact = double(canary) * double(percent_all - canary_ppb) / double(canary_ppb);
  const int64_t rounded =
      int64_t(std::llround(std::min(exact, double(high)) / double(step))) * step;
  const int64_t stable = std::clamp(rounded, low, high);
  return {canary, stable, std::abs(share_of(canary, canary + stable) - canary_ppb)};
}

/// The best sums with `canary_step` and `stable_step` as the grain: the number of servers keeps all
/// of a role equal.
Sums search(int64_t canary_ppb, int canary_servers, int stable_servers, int canary_step,
            int stable_step) {
  Sums best;
  for (int64_t canary = canary_servers; canary <= int64_t(max_weight) * canary_servers;
       canary += canary_step) {
    const Sums sums = nearest_stable(canary_ppb, canary, stable_servers,
                                     int64_t(max_weight) * stable_servers, stable_step);
    if (sums.error_ppb < best.error_ppb) best = sums;
  }
  return best;
}

std::vector<int> spread(int64_t sum, int servers) {
  std::vector<int> out;
  for (int i = 0; i < servers; ++i) out.push_back(int(sum / servers + (i < sum % servers)));
  return out;
}

}  // namespace

int64_t share_of(int64_t part, int64_t total) {
  return total == 0 ? 0 : int64_t(std::llround(double(part) / double(total) * double(percent_all)));
}

Result<ShareWeights> weights_for(int64_t canary_ppb, int canary_servers, int stable_servers) {
  if (canary_ppb <= 0)
    return ShareWeights{{}, std::vector<int>(size_t(stable_servers), full_weight)};
  if (canary_ppb >= percent_all)
    return ShareWeights{std::vector<int>(size_t(canary_servers), full_weight), {}};
  Sums best = search(canary_ppb, canary_servers, stable_servers, canary_servers, stable_servers);
  if (best.error_ppb > share_tolerance_ppb / 10) {
    const Sums finer = search(canary_ppb, canary_servers, stable_servers, 1, 1);
    if (finer.error_ppb < best.error_ppb) best = finer;
  }
  if (best.error_ppb > share_tolerance_ppb) {
    const int64_t least =
        share_of(canary_servers, canary_servers + int64_t(max_weight) * stable_servers);
    const int64_t most = share_of(int64_t(max_weight) * canary_servers,
                                  int64_t(max_weight) * canary_servers + stable_servers);
    return OpError{fmt::format(
        "a canary share of {} is not possible with {} canary and {} stable servers and weights of "
        "1 to {}: the nearest is {:.4g}%, the range is {:.4g}% to {:.4g}%",
        eval::percent_text(canary_ppb), canary_servers, stable_servers, max_weight,
        double(share_of(best.canary, best.canary + best.stable)) / double(eval::percent_one),
        double(least) / double(eval::percent_one), double(most) / double(eval::percent_one))};
  }
  return ShareWeights{spread(best.canary, canary_servers), spread(best.stable, stable_servers)};
}

}  // namespace rollout::backend
