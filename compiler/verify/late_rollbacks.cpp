#include "compiler/verify/late_rollbacks.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/cost.h"

namespace rollout::verify {

using plan::Back;
using plan::Plan;
using plan::Region;
using plan::longer;
using plan::once_ns;

namespace {

Finding late(const Plan& plan, const Region& region, const plan::Rollback& rule) {
  Finding finding{Claim::RollbackTime, rule.place, {}, region.once_ns, rule.within_ns};
  int64_t at = 0;
  finding.path.push_back({at, fmt::format("{} has begun, and it goes back", plan.steps[region.once_from].text)});
  for (uint32_t undo : region.once_path) {
    finding.path.push_back({at, plan.undo[undo].text});
    at = longer(at, once_ns(plan.undo[undo]));
  }
  finding.path.push_back({at, "everything is restored"});
  finding.site.step = region.once_from, finding.site.scope = region.scope;
  finding.site.undone = region.once_path;
  return finding;
}

}  // namespace

void find_late_rollbacks(const Plan& plan, const Back& back, std::vector<Finding>& findings) {
  const Region* longest = nullptr;
  for (const Region& region : back.runs)
    if (!longest || region.once_ns > longest->once_ns) longest = &region;
  if (longest && plan.rollback.within_ns > 0 && longest->once_ns > plan.rollback.within_ns)
    findings.push_back(late(plan, *longest, plan.rollback));
  for (uint32_t scope = 0; scope < plan.scopes.size(); ++scope) {
    const plan::Rollback& rule = plan.scopes[scope].rollback;
    // Rounds of one loop have one rule.
    bool said = std::any_of(findings.begin(), findings.end(),
                            [&](const Finding& finding) { return finding.place == rule.place; });
    if (!said && rule.within_ns > 0 && back.scopes[scope].once_ns > rule.within_ns)
      findings.push_back(late(plan, back.scopes[scope], rule));
  }
}

}  // namespace rollout::verify
