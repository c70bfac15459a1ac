#include "compiler/verify/policies.h"

#include <algorithm>

namespace rollout::verify {

void find_breaches(const plan::Plan& plan, std::vector<Finding>& findings) {
  size_t first = findings.size();
  for (const plan::Breach& breach : plan.breaches) {
    std::string place = breach.step < plan.steps.size() ? plan.steps[breach.step].place : "";
    auto known = std::find_if(findings.begin() + ptrdiff_t(first), findings.end(),
                              [&](const Finding& one) { return one.place == place; });
    if (known == findings.end()) {
      Finding finding{Claim::Policy, place, plan::rollout_text(plan)};
      finding.site.step = breach.step;
      known = findings.insert(findings.end(), std::move(finding));
    }
    known->breaches.push_back(breach);
  }
}

}  // namespace rollout::verify
