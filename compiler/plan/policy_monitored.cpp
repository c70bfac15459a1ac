// `r.monitored`: a gate judges each new version at each share before it gets more, and at its last one.
#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

namespace {

/// A step that gives a new version more of the users: traffic, or without a router instances.
bool exposes(const Plan& plan, const Step& step) {
  if (step.kind != StepKind::Act) return false;
  bool routes = false;
  for (const Binding& binding : plan.services[step.action.service].bindings)
    routes |= binding.divides();
  bool brings = false;
  for (const Setting& setting : step.action.sets)
    brings |= setting.variable == Variable::Version && setting.role == Role::Stable;
  for (const Setting& setting : step.action.sets) {
    bool some = setting.value.number > 0, canary = setting.role == Role::Canary;
    bool traffic = setting.variable == Variable::Share || setting.variable == Variable::Routed;
    if (traffic && canary && some) return true;
    if (setting.variable == Variable::Instances && some && (canary ? !routes : brings)) return true;
  }
  return false;
}

bool judges(const Plan& plan, const Step& step, uint32_t service) {
  for (uint32_t gate : step.gates)
    for (uint32_t condition : plan.gates[gate].conditions)
      if (plan.signals[plan.conditions[condition].left.signal].service == service) return true;
  return false;
}

}  // namespace

Finding monitored(const Plan& plan) {
  std::vector<uint32_t> unjudged(plan.services.size(), none);
  auto finding = [&](uint32_t step) {
    bool all = step == none;
    return Finding{eval::Value::boolean(all),
                   all ? "" : fmt::format("no gate judges what follows {}", step_text(plan.steps[step])),
                   step};
  };
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    for (uint32_t service = 0; service < unjudged.size() && step.kind == StepKind::Hold && !step.gates.empty();
         ++service)
      if (unjudged[service] != none && judges(plan, step, service)) unjudged[service] = none;
    if (!exposes(plan, step)) continue;
    uint32_t& open = unjudged[step.action.service];
    if (open != none) return finding(open);
    open = i;
  }
  for (uint32_t step : unjudged)
    if (step != none) return finding(step);
  return finding(none);
}

}  // namespace rollout::plan
