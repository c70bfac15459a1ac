#include "compiler/judge/label_form.h"

#include <cmath>

#include "compiler/base/check.h"

namespace rollout::judge {

double label_log_e(const Block& block, double ratio, double factor) {
  ROLLOUT_CHECK(ratio > 0 && factor > 0, "a label bet has a bound and a factor");
  double canary = double(block.canary_total) * ratio;
  double all = canary + double(block.baseline_total);
  if (all == 0) return 0;
  double share = canary / all;  // of the bad requests, when the canary is exactly at the bound
  return double(block.canary_bad) * std::log(factor) -
         double(block.canary_bad + block.baseline_bad) * std::log1p(share * (factor - 1));
}

}  // namespace rollout::judge
