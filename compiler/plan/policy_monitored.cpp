// `r.monitored`: a gate judges each new version at each share before it gets more, and at its last one.
#include <algorithm>

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
  bool new_stable = false;
  for (const Setting& setting : step.action.sets)
    new_stable |= setting.variable == Variable::Version && setting.role == Role::Stable;
  for (const Setting& setting : step.action.sets) {
    bool some = setting.value.number > 0, canary = setting.role == Role::Canary;
    bool traffic = setting.variable == Variable::Share || setting.variable == Variable::Routed;
    if (traffic && canary && some) return true;
    if (setting.variable == Variable::Instances && some && (canary ? !routes : new_stable)) return true;
  }
  return false;
}

/// It makes a new version the stable one.
bool brings(const Step& step) {
  if (step.kind != StepKind::Act) return false;
  return std::any_of(step.action.sets.begin(), step.action.sets.end(), [](const Setting& setting) {
    bool some = !setting.value.is(eval::Value::Kind::None);
    return setting.variable == Variable::Version && setting.role == Role::Stable && some;
  });
}

/// What nothing has judged yet: the last step that gave the new version more, and as whom it serves.
struct Open {
  uint32_t step = none;
  Role role = Role::Canary;
};

/// The gate needs a verdict, and reads the new version or the whole service.
bool judges(const Plan& plan, const Step& step, uint32_t service, Role role) {
  auto reads = [&](const Term& term) {
    return plan.signals[term.signal].service == service && (term.role == role || term.role == Role::All);
  };
  for (uint32_t gate : step.gates) {
    if (may_pass_unproven(plan.gates[gate])) continue;
    for (uint32_t index : plan.gates[gate].conditions) {
      const Condition& condition = plan.conditions[index];
      if (reads(condition.left) || (condition.right && reads(*condition.right))) return true;
    }
  }
  return false;
}

}  // namespace

Finding monitored(const Plan& plan) {
  std::vector<Open> unjudged(plan.services.size());
  auto finding = [&](uint32_t step) {
    bool all = step == none;
    return Finding{eval::Value::boolean(all),
                   all ? "" : fmt::format("no gate judges what follows {}", step_text(plan.steps[step])),
                   step};
  };
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    for (uint32_t service = 0; service < unjudged.size() && step.kind == StepKind::Hold && !step.gates.empty();
         ++service) {
      Open& open = unjudged[service];
      if (open.step != none && judges(plan, step, service, open.role)) open = {};
    }
    bool exposed = exposes(plan, step), brought = brings(step);
    if (!exposed && !brought) continue;
    Open& open = unjudged[step.action.service];
    if (exposed && open.step != none) return finding(open.step);
    if (exposed) open.step = i;
    open.role = brought ? Role::Stable : Role::Canary;
  }
  for (const Open& open : unjudged)
    if (open.step != none) return finding(open.step);
  return finding(none);
}

}  // namespace rollout::plan
