#include "compiler/verify/instances.h"

namespace rollout::verify {

using plan::Role;

Instances instances_at_first(const plan::Plan& plan, uint32_t service) {
  const plan::Service& of = plan.services[service];
  std::string version = plan::variable_text(of, plan::Variable::Version, Role::Stable);
  std::string scaled = plan::variable_text(of, plan::Variable::Instances, Role::Stable);
  int64_t stable = of.replicas;
  for (const plan::Observed& one : plan.observed) {
    bool none = one.value.is(eval::Value::Kind::None);
    if (one.what == version && none) return {};
    if (one.what == scaled && !none) stable = one.value.number;
  }
  return {stable};
}

void apply(const plan::Action& action, Instances& instances) {
  for (const plan::Setting& set : action.sets) {
    if (set.variable != plan::Variable::Instances) continue;
    switch (set.role) {
      case Role::Canary: instances.canary = set.value.number; break;
      case Role::Control: instances.control = set.value.number; break;
      case Role::Stable: instances.stable = set.value.number; break;
      case Role::All: instances = {set.value.number}; break;
    }
  }
}

std::vector<uint32_t> services_on(const plan::Plan& plan, uint32_t target) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < plan.services.size(); ++i)
    for (const plan::Binding& binding : plan.services[i].bindings)
      if (binding.target == target && binding.runs()) found.push_back(i);
  return found;
}

}  // namespace rollout::verify
