#include "compiler/verify/recheck_quota.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace rollout::verify {

namespace {

using Counts = std::map<plan::Role, int64_t>;

int64_t sum(const Counts& counts) {
  int64_t all = 0;
  for (const auto& [role, count] : counts) all += count;
  return all;
}

void set(const plan::Action& action, Counts& counts) {
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Instances) counts[setting.role] = setting.value.number;
}

/// What a `scale` before this plan has left, else what is declared.
int64_t runs_at_first(const plan::Plan& plan, const plan::Service& service) {
  auto seen = [&](plan::Variable variable) -> const eval::Value* {
    std::string name = plan::variable_text(service, variable, plan::Role::Stable);
    auto one =
        std::find_if(plan.observed.begin(), plan.observed.end(), [&](const auto& of) { return of.what == name; });
    return one == plan.observed.end() ? nullptr : &one->value;
  };
  const eval::Value *version = seen(plan::Variable::Version), *count = seen(plan::Variable::Instances);
  if (version != nullptr && version->is(eval::Value::Kind::None)) return 0;
  return count == nullptr || count->is(eval::Value::Kind::None) ? service.replicas : count->number;
}

/// The most that the path without trouble, or one rollback from it, holds there.
int64_t least_peak(const plan::Plan& plan, uint32_t target) {
  std::map<uint32_t, Counts> there;
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    const plan::Service& service = plan.services[i];
    bool on = std::any_of(service.bindings.begin(), service.bindings.end(), [&](const plan::Binding& one) {
      return one.target == target && one.capability == "Workload";
    });
    if (on) there[i][plan::Role::Stable] = runs_at_first(plan, service);
  }
  int64_t now = plan.targets[target].others, most = now;
  for (const auto& [service, counts] : there) now += sum(counts);
  most = now;
  for (const plan::Step& step : plan.steps) {
    auto of = there.find(step.action.service);
    if (step.kind != plan::StepKind::Act || of == there.end()) continue;
    int64_t without = now - sum(of->second);
    set(step.action, of->second);
    now = without + sum(of->second);
    most = std::max(most, now);
    Counts back = of->second;
    for (uint32_t undo : step.rollback) {
      set(plan.undo[undo], back);
      most = std::max(most, without + sum(back));
    }
  }
  return most;
}

}  // namespace

void recheck_quota(const plan::Plan& plan, std::vector<std::string>& broken) {
  if (plan.steps.empty()) return;
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::Target& target = plan.targets[i];
    if (target.quota <= 0) continue;
    int64_t says = -1, least = least_peak(plan, i);
    for (const plan::PeakFacts& one : plan.facts->peaks)
      if (one.target == i) says = one.instances;
    if (says < least)
      broken.push_back(
          fmt::format("the plan says {} holds {} instances at most; it holds {}", target.name, says, least));
    if (says > target.quota)
      broken.push_back(
          fmt::format("{} holds {} instances at once, and its quota is {}", target.name, says, target.quota));
  }
}

}  // namespace rollout::verify
