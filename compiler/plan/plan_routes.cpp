// Requests that reach the canary beside its share: those of cohorts, and copies. Both end before the canary does.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr size_t max_cohort_bytes = 64;

/// What a router can compare with a header or a cookie, and what no command to it could end in.
bool is_cohort(const std::string& name) {
  return !name.empty() && name.size() <= max_cohort_bytes && llvm::all_of(name, [](unsigned char c) {
    return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '=' || c == '@';
  });
}

}  // namespace

/// Nobody is no share of the traffic.
void Planner::settle_routes(std::vector<Setting>& settings) const {
  bool nobody = llvm::any_of(settings, [](const Setting& setting) {
    return setting.variable == Variable::Cohorts && setting.value.items.empty();
  });
  for (Setting& setting : settings)
    if (nobody && setting.variable == Variable::Routed) setting.value = resting_value(Variable::Routed);
}

/// There must be a canary that gets them, and the router must be able to tell a cohort apart.
bool Planner::routable(const Action& action, Span span) {
  for (const Setting& setting : action.sets) {
    bool cohorts = setting.variable == Variable::Cohorts && !setting.value.items.empty();
    bool copies = setting.variable == Variable::Mirrored && setting.value.number > 0;
    if (!cohorts && !copies) continue;
    const Service& service = plan_.services[action.service];
    if (model_.now({action.service, Variable::Version, Role::Canary}).is(Value::Kind::None)) {
      diagnostics_.report(span, diag::ShareWithoutVersion, service_text(service))
          .advise(fmt::format("deploy it first: `{}.deploy(image)`", written_text(service)));
      return false;
    }
    for (const Value& cohort : setting.value.items) {
      if (is_cohort(cohort.text)) continue;
      diagnostics_.report(span, diag::BadCohort, cohort.text)
          .advise(fmt::format("write at most {} letters, digits and `_-.=@`", max_cohort_bytes));
      return false;
    }
  }
  return true;
}

/// A canary that gets requests beside its share is neither promoted nor retired.
bool Planner::unrouted(const Action& action, Span span) {
  bool ends = llvm::any_of(action.sets, [](const Setting& setting) {
    return setting.variable == Variable::Version && setting.role == Role::Canary && setting.value.is(Value::Kind::None);
  });
  for (Variable variable : {Variable::Cohorts, Variable::Mirrored}) {
    Value now = model_.now({action.service, variable, Role::Canary});
    if (!ends || is_at_rest(now)) continue;
    const Service& service = plan_.services[action.service];
    diagnostics_
        .report(span, diag::FaultStays, variable_text(service, variable, Role::Canary),
                fmt::format("when `{}` ends the canary", action.text))
        .advise(fmt::format("end it first: `{}.{}`", written_text(service),
                            variable == Variable::Cohorts ? "unroute()" : "mirror(0%)"));
    return false;
  }
  return true;
}

/// What may reach the canary of the traffic, answered or not, at most.
int64_t Planner::load_of(uint32_t service) const {
  int64_t load = 0;
  for (Variable variable : {Variable::Share, Variable::Routed, Variable::Mirrored})
    load += model_.now({service, variable, Role::Canary}).number;
  return load;
}

}  // namespace rollout::plan
