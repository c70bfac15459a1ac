#include "compiler/plan/share_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/eval/value.h"

namespace rollout::plan {

namespace {

using eval::percent_all;

constexpr int full_weight = 100;

/// What the role weighs where all weights together are `total`; its servers take a multiple of `grain`.
int64_t sum_of(const RoleShare& role, double total, int64_t grain, int64_t most) {
  double exact = std::min(total * double(role.share_ppb) / double(percent_all), double(most * role.servers));
  int64_t rounded = int64_t(std::llround(exact / double(grain))) * grain;
  return std::clamp(rounded, role.servers, most * role.servers);
}

/// `equal`: the servers of a role all weigh the same.
WeightSums search(const WantedShares& wanted, bool equal, int64_t enough_ppb) {
  const RoleShare& canary = wanted.canary;
  RoleShare stable{percent_all - canary.share_ppb - wanted.control.share_ppb, wanted.stable_servers};
  auto grain = [&](const RoleShare& role) { return equal ? std::max<int64_t>(1, role.servers) : 1; };
  WeightSums best;
  for (int64_t sum = canary.servers; sum <= wanted.most * canary.servers; sum += grain(canary)) {
    double total = double(sum) * double(percent_all) / double(canary.share_ppb);
    WeightSums one{sum, sum_of(wanted.control, total, grain(wanted.control), wanted.most),
                   sum_of(stable, total, grain(stable), wanted.most)};
    int64_t all = one.canary + one.control + one.stable;
    one.error_ppb = std::max(std::abs(share_of(one.canary, all) - canary.share_ppb),
                             std::abs(share_of(one.control, all) - wanted.control.share_ppb));
    if (one.error_ppb < best.error_ppb) best = one;
    if (best.error_ppb <= enough_ppb) break;
    // From here on only the canary's share grows.
    bool others_full = one.control == wanted.most * wanted.control.servers &&
                       one.stable == wanted.most * wanted.stable_servers;
    if (others_full && share_of(one.canary, all) - canary.share_ppb > best.error_ppb) break;
  }
  return best;
}

std::vector<int> spread(int64_t sum, int64_t servers) {
  std::vector<int> out;
  for (int64_t i = 0; i < servers; ++i) out.push_back(int(sum / servers + (i < sum % servers)));
  return out;
}

double percent(int64_t part, int64_t all) { return double(share_of(part, all)) / double(eval::percent_one); }

OpError impossible(const WantedShares& wanted, const WeightSums& best) {
  int64_t all = best.canary + best.control + best.stable, most = wanted.most;
  int64_t canary = wanted.canary.servers, stable = wanted.stable_servers;
  if (wanted.control.servers > 0)
    return OpError{fmt::format(
        "a canary share of {} beside a control with {} is not possible with {} canary, {} control and {} stable "
        "servers and weights of 1 to {}: the nearest is {:.4g}% and {:.4g}%",
        eval::percent_text(wanted.canary.share_ppb), eval::percent_text(wanted.control.share_ppb), canary,
        wanted.control.servers, stable, most, percent(best.canary, all), percent(best.control, all))};
  return OpError{fmt::format(
      "a canary share of {} is not possible with {} canary and {} stable servers and weights of 1 to {}: the nearest "
      "is {:.4g}%, the range is {:.4g}% to {:.4g}%",
      eval::percent_text(wanted.canary.share_ppb), canary, stable, most, percent(best.canary, all),
      percent(canary, canary + most * stable), percent(most * canary, most * canary + stable))};
}

}  // namespace

int64_t share_of(int64_t part, int64_t total) {
  return total == 0 ? 0 : int64_t(std::llround(double(part) / double(total) * double(percent_all)));
}

WeightSums nearest_sums(const WantedShares& wanted, int64_t enough_ppb) {
  WeightSums best = search(wanted, true, enough_ppb);
  if (best.error_ppb <= std::max(enough_ppb, share_tolerance_ppb / 10)) return best;
  WeightSums finer = search(wanted, false, enough_ppb);
  return finer.error_ppb < best.error_ppb ? finer : best;
}

Result<ShareWeights> weights_for(const WantedShares& wanted) {
  const RoleShare& canary = wanted.canary;
  if (canary.share_ppb <= 0) return ShareWeights{{}, std::vector<int>(size_t(wanted.stable_servers), full_weight), {}};
  if (canary.share_ppb >= percent_all)
    return ShareWeights{std::vector<int>(size_t(canary.servers), full_weight), {}, {}};
  WeightSums best = nearest_sums(wanted, 0);
  if (best.error_ppb > share_tolerance_ppb) return impossible(wanted, best);
  return ShareWeights{spread(best.canary, canary.servers), spread(best.stable, wanted.stable_servers),
                      spread(best.control, wanted.control.servers)};
}

}  // namespace rollout::plan
