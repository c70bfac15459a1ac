#include "compiler/plan/baseline.h"

#include <algorithm>

#include "compiler/plan/plan.h"

namespace rollout::plan {

bool captures(const Plan& plan) {
  return !plan.baselines.empty() || std::any_of(plan.observed.begin(), plan.observed.end(), [](const Observed& one) {
    return one.recheck == Recheck::AtRunStart;
  });
}

}  // namespace rollout::plan
