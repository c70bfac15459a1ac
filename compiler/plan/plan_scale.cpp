// How many instances a version has, and starting them again: what the model allows, and what the way back leads to.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

const Setting* setting_of(const Action& action, Variable variable) {
  auto found = llvm::find_if(action.sets, [&](const Setting& setting) { return setting.variable == variable; });
  return found == action.sets.end() ? nullptr : &*found;
}

}  // namespace

/// So many instances are there already.
bool Planner::changes_nothing(const Action& action) const {
  return action.sets.size() == 1 && action.sets[0].variable == Variable::Instances &&
         action.sets[0].value == model_.now({action.service, Variable::Instances, action.sets[0].role});
}

/// There must be a version to scale or to restart, and a second restart would look like the first.
bool Planner::scalable(const Action& action, Span span) {
  if (setting_of(action, Variable::Version)) return true;
  const Setting* instances = setting_of(action, Variable::Instances);
  const Setting* restarted = setting_of(action, Variable::Restarted);
  const Setting* setting = restarted ? restarted : instances;
  if (!setting || setting->value.is(Value::Kind::None)) return true;
  std::string name = service_text(plan_.services[action.service]);
  std::string written = written_text(plan_.services[action.service]);
  if (model_.now({action.service, Variable::Version, setting->role}).is(Value::Kind::None)) {
    bool canary = setting->role == Role::Canary;
    diagnostics_.report(span, diag::NoVersion, name, std::string(role_text(setting->role)), action.name)
        .advise(canary ? fmt::format("deploy one first: `{}.deploy(image)`", written)
                       : fmt::format("install one first: `{}.install(image)`", written));
    return false;
  }
  bool first = !restarted || model_.now({action.service, Variable::Restarted, restarted->role}).is(Value::Kind::None);
  if (first) return true;
  diagnostics_.report(span, diag::RestartTwice, name)
      .note("what was restarted once counts as restarted until the rollout ends")
      .advise("restart it again in a rollout of its own");
  return false;
}

/// A version that comes back has as many instances as it had.
void Planner::bring_back_instances(const Model& model, Action& action) const {
  for (Setting& setting : action.sets) {
    if (setting.variable != Variable::Instances) continue;
    const Value before = model.at_start({action.service, Variable::Instances, setting.role});
    bool brings_back = llvm::any_of(action.sets, [&](const Setting& other) {
      Place place{action.service, Variable::Version, setting.role};
      return other.variable == Variable::Version && other.role == setting.role &&
             !other.value.is(Value::Kind::None) && other.value == model.at_start(place);
    });
    if (brings_back && before.number > 0) setting.value = before;
  }
}

}  // namespace rollout::plan
