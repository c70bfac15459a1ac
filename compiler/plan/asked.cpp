#include "compiler/plan/asked.h"

#include <algorithm>

namespace rollout::plan {

bool is_asked(const Approval& approval, std::string_view person) {
  auto among = [&](const std::vector<std::string>& members) {
    return std::find(members.begin(), members.end(), person) != members.end();
  };
  return among(approval.members) || (approval.escalation && among(approval.escalation->members));
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
