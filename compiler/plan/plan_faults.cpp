// Faults that a rollout brings upon its own canary: none is left behind, and the way back takes the traffic away before
// it lifts them.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

/// There must be a canary to bring it upon, and no more than it has is killed.
bool Planner::fault_possible(const Action& action, const Setting& setting, Span span) {
  bool fault = setting.variable == Variable::Killed || setting.variable == Variable::Delay;
  if (!fault || setting.value.is(eval::Value::Kind::None)) return true;
  const Service& service = plan_.services[action.service];
  if (model_.now({action.service, Variable::Version, setting.role}).is(eval::Value::Kind::None)) {
    diagnostics_
        .report(span, diag::NoVersion, service_text(service),
                std::string(role_text(setting.role)), action.name)
        .advise(fmt::format("deploy one first: `{}.deploy(image)`", written_text(service)));
    return false;
  }
  if (setting.variable != Variable::Killed || service.replicas == 0 || setting.value.number <= service.replicas)
    return true;
  diagnostics_.report(span, diag::RefinementBroken, "count", std::to_string(setting.value.number))
      .advise(fmt::format("`{}` has {} instances of each version", service_text(service), service.replicas));
  return false;
}

/// Whether no fault is there now, and nothing but its share that a canary gets; a report says which one is. `when`: in
/// words.
bool Planner::faults_lifted(Span span, std::string_view when) {
  for (uint32_t service = 0; service < plan_.services.size(); ++service)
    for (Variable variable : {Variable::Killed, Variable::Delay})
      for (Role role : {Role::Stable, Role::Canary}) {
        if (model_.now({service, variable, role}).is(eval::Value::Kind::None)) continue;
        const Service& of = plan_.services[service];
        diagnostics_.report(span, diag::FaultStays, variable_text(of, variable, role), std::string(when))
            .advise(fmt::format("lift it: `{}.{}()`", written_text(of),
                                variable == Variable::Killed ? "lift" : "restore"));
        return false;
      }
  for (uint32_t service = 0; service < plan_.services.size(); ++service)
    for (Variable variable : {Variable::Cohorts, Variable::Mirrored}) {
      if (is_at_rest(model_.now({service, variable, Role::Canary}))) continue;
      const Service& of = plan_.services[service];
      diagnostics_.report(span, diag::FaultStays, variable_text(of, variable, Role::Canary), std::string(when))
          .advise(fmt::format("end it: `{}.{}`", written_text(of),
                              variable == Variable::Cohorts ? "unroute()" : "mirror(0%)"));
      return false;
    }
  return true;
}

}  // namespace rollout::plan
