#include "compiler/plan/asked.h"

#include <algorithm>

namespace rollout::plan {

bool is_asked(const Approval& approval, std::string_view person) {
  auto among = [&](const std::vector<std::string>& members) {
    return std::find(members.begin(), members.end(), person) != members.end();
  };
  return among(approval.members) || (approval.escalation && among(approval.escalation->members));
}

bool asks_others(const Plan& plan, uint32_t step) {
  if (plan.steps[step].approval == none) return false;
  const Approval& approval = plan.approvals[plan.steps[step].approval];
  bool deputies = std::any_of(approval.members.begin(), approval.members.end(),
                              [&](const std::string& one) { return one != approval.members.front(); });
  if (approval.escalation)
    for (const std::string& one : approval.escalation->members) deputies |= one != approval.members.front();
  if (approval.quorum != 1 || !deputies) return false;
  return std::any_of(plan.order_rules.begin(), plan.order_rules.end(), [&](const OrderRule& rule) {
    return rule.two_people && std::find(rule.first.begin(), rule.first.end(), step) != rule.first.end();
  });
}

bool asks(const Plan& plan, const Step& step, std::string_view person) {
  if (step.approval != none && is_asked(plan.approvals[step.approval], person)) return true;
  for (uint32_t index : step.gates) {
    const Gate& gate = plan.gates[index];
    for (const Response* response : {&gate.no_data, &gate.undecided, &gate.error, &gate.fail})
      if (response->approval != none && is_asked(plan.approvals[response->approval], person)) return true;
  }
  return false;
}

}  // namespace rollout::plan
