// `r.first_phase.share`: how much of the traffic meets a new version before anything has judged it.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

namespace {

bool routed(const Service& service) {
  return std::any_of(service.bindings.begin(), service.bindings.end(),
                     [](const Binding& binding) { return binding.divides(); });
}

/// What the new version of a service has once the steps so far are done.
struct Given {
  int64_t share_ppb = 0, routed_ppb = 0;
  int64_t canary = 0, stable = 0;  ///< instances
  bool took_over = false;          ///< it is the stable version, and has all

  int64_t all(bool routes) const {
    if (took_over) return eval::percent_all;
    int64_t traffic = std::min(share_ppb + routed_ppb, eval::percent_all);
    if (routes || canary <= 0) return traffic;
    double part = double(canary) / (double(canary) + double(std::max<int64_t>(stable, 0)));
    return std::max(traffic, int64_t(part * double(eval::percent_all)));
  }
};

/// Follows what the step does; true: it gives a new version all, or some of it to the canary.
bool follow(const Setting& setting, Given& given) {
  bool canary = setting.role == Role::Canary;
  int64_t value = setting.value.number;
  bool version = setting.variable == Variable::Version, some = !setting.value.is(eval::Value::Kind::None);
  if (version && canary && !some) given.share_ppb = given.routed_ppb = given.canary = 0;
  if (setting.variable == Variable::Routed) given.routed_ppb = value;
  if (setting.variable == Variable::Share && canary) given.share_ppb = value;
  if (setting.variable == Variable::Instances && canary) given.canary = value;
  if (setting.variable == Variable::Instances && setting.role == Role::Stable) given.stable = value;
  if (version) return some && !canary;
  bool gives = setting.variable == Variable::Routed || setting.variable == Variable::Share ||
               setting.variable == Variable::Instances;
  return gives && canary && value > 0;
}

}  // namespace

std::vector<StepShare> shares_by_step(const Plan& plan) {
  std::vector<Given> all;
  for (const Service& service : plan.services) all.push_back({0, 0, 0, service.replicas});
  std::vector<StepShare> shares(plan.steps.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act) continue;
    Given& given = all[step.action.service];
    bool routes = routed(plan.services[step.action.service]), gives = false, takes_over = false;
    int64_t before = given.all(routes);
    for (const Setting& setting : step.action.sets) {
      bool more = follow(setting, given);
      gives |= more;
      takes_over |= more && setting.variable == Variable::Version;
    }
    given.took_over |= takes_over;
    int64_t now = given.all(routes);
    shares[i] = {now, gives || now > before ? now : 0};
  }
  return shares;
}

/// Of each service the first share above nothing and what the same phase adds to it; of all services the most.
Finding first_phase_share(const Plan& plan) {
  struct First {
    uint32_t step = none;
    int64_t share_ppb = 0;
  };
  std::vector<First> firsts(plan.services.size());
  std::vector<StepShare> shares = shares_by_step(plan);
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act) continue;
    First& first = firsts[step.action.service];
    bool same_phase = first.step == none || (step.phase != none && plan.steps[first.step].phase == step.phase);
    int64_t share = same_phase ? shares[i].given_ppb : 0;
    if (share > first.share_ppb) first = {i, share};
  }
  Finding most{eval::Value::of(eval::Value::Kind::Percent, int64_t{0}), ""};
  for (const First& first : firsts)
    if (first.share_ppb > most.value.number)
      most = {eval::Value::of(eval::Value::Kind::Percent, first.share_ppb), step_text(plan.steps[first.step]),
              first.step};
  return most;
}

}  // namespace rollout::plan
