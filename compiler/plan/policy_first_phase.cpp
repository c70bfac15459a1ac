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

}  // namespace

int64_t share_by(const Plan& plan, const Step& step) {
  if (step.kind != StepKind::Act) return 0;
  const Service& service = plan.services[step.action.service];
  int64_t share = 0;
  for (const Setting& setting : step.action.sets) {
    bool canary = setting.role == Role::Canary;
    bool new_version = setting.variable == Variable::Version && !setting.value.is(eval::Value::Kind::None);
    if (new_version && !canary) return eval::percent_all;  // all of it, whatever it had before
    if (setting.variable == Variable::Share && canary) share = setting.value.number;
    if (setting.variable == Variable::Routed) share = std::max(share, setting.value.number);
    if (setting.variable != Variable::Instances || !canary || routed(service) || setting.value.number == 0) continue;
    double instances = double(setting.value.number);
    share = int64_t(instances / (instances + double(service.replicas)) * double(eval::percent_all));
  }
  return share;
}

/// Of each service the first share above nothing and what the same phase adds to it; of all services the most.
Finding first_phase_share(const Plan& plan) {
  struct First {
    uint32_t step = none;
    int64_t share_ppb = 0;
  };
  std::vector<First> firsts(plan.services.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act) continue;
    First& first = firsts[step.action.service];
    bool same_phase = first.step == none || (step.phase != none && plan.steps[first.step].phase == step.phase);
    int64_t share = same_phase ? share_by(plan, step) : 0;
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
