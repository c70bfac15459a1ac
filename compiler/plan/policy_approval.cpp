// `require approval before promote on every path`: an approval that must have passed before the action can begin.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

Finding without_approval(const Plan& plan, const WantedApproval& wanted) {
  // A step waits for all that stand in `after`: what one of them waited for, it has waited for.
  enum class Passed { None, AuthorPerhaps, Good };
  std::vector<Passed> passed(plan.steps.size(), Passed::None);
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    for (uint32_t before : step.after) passed[i] = std::max(passed[i], passed[before]);
    if (step.kind == StepKind::Act && step.action.name == wanted.action && passed[i] != Passed::Good) {
      bool nobody = passed[i] == Passed::None;
      std::string why = nobody ? fmt::format("nobody approves before {}", wanted.action)
                               : fmt::format("one alone approves before {}, perhaps the author", wanted.action);
      return {eval::Value::of(eval::Value::Kind::String, std::move(why)),
              step_text(step) + (nobody ? "" : "; ask for two")};
    }
    if (step.kind != StepKind::Approval) continue;
    const Approval& approval = plan.approvals[step.approval];
    if (!approval.confirms.empty()) continue;  // that something is so is no yes to this plan
    if (!wanted.team.empty() && wanted.team != approval.team) continue;
    // Of two different people one is somebody else.
    bool certain = !wanted.not_author || approval.quorum >= 2;
    passed[i] = std::max(passed[i], certain ? Passed::Good : Passed::AuthorPerhaps);
  }
  return {};
}

}  // namespace rollout::plan
