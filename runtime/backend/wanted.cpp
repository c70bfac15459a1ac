#include "runtime/backend/wanted.h"

namespace rollout::backend {
namespace {

void apply(WantedRole& role, const plan::Setting& setting) {
  const bool none = setting.value.is(eval::Value::Kind::None);
  switch (setting.variable) {
    case plan::Variable::Version:
      role.version = none ? WantedVersion{} : WantedVersion{setting.value.text};
      return;
    case plan::Variable::Instances: role.instances = none ? 0 : setting.value.number; return;
    case plan::Variable::Share: role.share_ppb = none ? 0 : setting.value.number; return;
    case plan::Variable::Killed: role.killed = none ? 0 : setting.value.number; return;
    case plan::Variable::Restarted: role.restarted = !none && setting.value.number != 0; return;
    case plan::Variable::Cohorts:
      role.cohorts.emplace();
      for (const eval::Value& cohort : setting.value.items) role.cohorts->push_back(cohort.text);
      return;
    case plan::Variable::Mirrored:
    case plan::Variable::Routed:
    case plan::Variable::Delay:
    case plan::Variable::Drained: return;  // of no workload, and nothing that a router is told
    case plan::Variable::Flag:
    case plan::Variable::Schema: return;  // of no service
  }
}

}  // namespace

Wanted wanted_by(const plan::Action& action) {
  Wanted wanted;
  for (const plan::Setting& setting : action.sets) {
    if (setting.role == plan::Role::Canary) apply(wanted.canary, setting);
    if (setting.role == plan::Role::Stable) apply(wanted.stable, setting);
    if (setting.role == plan::Role::Control) apply(wanted.control, setting);
  }
  return wanted;
}

}  // namespace rollout::backend
