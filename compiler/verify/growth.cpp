#include "compiler/verify/growth.h"

#include <utility>

#include <fmt/format.h>

namespace rollout::verify {

using plan::Plan;
using plan::Setting;

void find_shrinking(const Plan& plan, std::vector<Finding>& findings) {
  std::vector<int64_t> shares(plan.services.size());
  // Steps of one service wait for each other, so that the order of the plan is theirs.
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act) continue;
    uint32_t service = step.action.service;
    for (const Setting& set : step.action.sets) {
      if (set.variable != plan::Variable::Share || set.role != plan::Role::Canary) continue;
      int64_t before = std::exchange(shares[service], set.value.number), now = set.value.number;
      // All of it is taken away on purpose: an experiment ends, a promote needs no canary any more.
      if (now <= 0 || now >= before) continue;
      findings.push_back({Claim::Growth, step.place, {}, now, before, {},
                          {fmt::format("{} canary", plan::service_text(plan.services[service])),
                           eval::percent_text(now), eval::percent_text(before)},
                          "put the larger share behind the smaller one, or take all of it away between them: "
                          "a share of 0% ends what was tried"});
      Site& site = findings.back().site;
      site.step = uint32_t(&step - plan.steps.data()), site.service = service;
    }
  }
}

}  // namespace rollout::verify
