#include "compiler/plan/fits.h"

#include <algorithm>

namespace rollout::plan {

namespace {

int64_t worst_ns(const Plan& plan, const Step& step) {
  if (step.kind == StepKind::Act) return step.action.within_ns * step.action.attempts;
  int64_t longer_ns = 0;
  for (uint32_t gate : step.gates)
    for (const Response* response : {&plan.gates[gate].no_data, &plan.gates[gate].undecided, &plan.gates[gate].error})
      longer_ns = std::max(longer_ns, response->hold_ns);
  return step.hold_ns + longer_ns;
}

}  // namespace

int64_t worst_forward_ns(const Plan& plan) {
  std::vector<int64_t> ends;
  int64_t last = 0;
  for (const Step& step : plan.steps) {
    int64_t begin = 0;
    for (uint32_t before : step.after) begin = std::max(begin, ends[before]);
    ends.push_back(begin + worst_ns(plan, step));
    last = std::max(last, ends.back());
  }
  return last;
}

int64_t foreseen_samples(const Gate& gate, int64_t hold_ns) {
  return (hold_ns + gate.undecided.hold_ns) / std::max<int64_t>(1, gate.sample_ns);
}

}  // namespace rollout::plan
