#include "compiler/plan/fits.h"

#include <algorithm>

#include "compiler/plan/cost.h"

namespace rollout::plan {

int64_t worst_forward_ns(const Plan& plan) {
  std::vector<int64_t> ends;
  std::vector<uint32_t> scope_of = scopes_of_steps(plan);
  int64_t last = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    bool retried = plan.retry.times > 0 && i > plan.retry.from_step && scope_of[i] == none;
    int64_t begin = step.after.empty() ? capture_ns(plan) : 0;
    for (uint32_t before : step.after) begin = std::max(begin, ends[before]);
    ends.push_back(longer(begin, worst_without_people_ns(plan, i, retried)));
    last = std::max(last, ends.back());
  }
  return last;
}

int64_t foreseen_samples(const Gate& gate, int64_t hold_ns) {
  return (hold_ns + gate.undecided.hold_ns) / std::max<int64_t>(1, gate.sample_ns);
}

}  // namespace rollout::plan
