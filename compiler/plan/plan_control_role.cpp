// The role control: instances of the stable version as fresh as the canary's, so that both are compared at one age. It
// begins with the deploy that asks for it, takes its share from the stable version, and ends with the canary.
#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

/// What capabilities say of a control has a meaning only where one was asked for; how much traffic it gets, the model
/// says: as much as the canary, and never more than its instances serve or half of what the canary leaves.
void Planner::settle_control(uint32_t service, std::vector<Setting>& settings) const {
  auto is = [](const Setting& setting, Variable variable, Role role) {
    return setting.variable == variable && setting.role == role;
  };
  auto now = [&](Variable variable, Role role) {
    for (const Setting& setting : settings)
      if (is(setting, variable, role)) return setting.value.number;
    return model_.now({service, variable, role}).number;
  };
  int64_t instances = now(Variable::Instances, Role::Control);
  if (instances == 0 && !model_.knows({service, Variable::Instances, Role::Control})) {
    llvm::erase_if(settings, [](const Setting& setting) { return setting.role == Role::Control; });
    return;
  }
  int64_t canary = now(Variable::Share, Role::Canary);
  for (Setting& setting : settings)
    if (is(setting, Variable::Share, Role::Control))
      setting.value.number = control_share_ppb(canary, instances, plan_.services[service].replicas);
}

/// On the way back a control has its instances again before it gets its share: what has ended it came after the share.
void Planner::bring_back_control(const Model& model, Action& action) const {
  for (Setting& setting : action.sets)
    if (setting.variable == Variable::Share && setting.role == Role::Control)
      setting.value = model.at_start({action.service, Variable::Share, Role::Control});
}

bool Planner::control_ended(Span span) {
  for (uint32_t service = 0; service < plan_.services.size(); ++service) {
    if (model_.now({service, Variable::Instances, Role::Control}).number == 0) continue;
    std::string written = written_text(plan_.services[service]);
    diagnostics_.report(span, diag::ControlStays, service_text(plan_.services[service]))
        .advise(fmt::format("it ends with the canary: `{}.promote()` or `{}.retire()`", written, written));
    return false;
  }
  return true;
}

/// Whether a control is there, or was in the steps so far, for what reads one.
bool Planner::control_there(const Condition& condition, std::string_view reader, Span span) {
  for (const Term* term : {&condition.left, condition.right ? &*condition.right : nullptr}) {
    if (!term || term->role != Role::Control) continue;
    uint32_t service = plan_.signals[term->signal].service;
    bool asked = model_.knows({service, Variable::Instances, Role::Control});
    bool watched = condition.kind == ConditionKind::Watch;
    if (asked && (watched || model_.now({service, Variable::Instances, Role::Control}).number > 0)) continue;
    if (settled_[service] != Settled::No) continue;
    diagnostics_.report(span, diag::ControlMissing, std::string(reader), service_text(plan_.services[service]))
        .note("a control is there from the deploy that asks for it until the promotion")
        .advise(fmt::format("ask for one: `{}.deploy(image, control: 1)`", written_text(plan_.services[service])));
    return false;
  }
  return true;
}

}  // namespace rollout::plan
