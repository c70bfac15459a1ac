#include "compiler/shared_quota.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/instances.h"
#include "compiler/verify/report.h"

namespace rollout {

namespace {

bool meet(const std::set<std::string>& some, const std::set<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) { return others.count(one) > 0; });
}

bool counts(const plan::Action& action) {
  return std::any_of(action.sets.begin(), action.sets.end(),
                     [](const plan::Setting& set) { return set.variable == plan::Variable::Instances; });
}

}  // namespace

void SharedQuota::look(const plan::Plan& plan, uint32_t target, const std::string& system, const SourceMap& sources,
                       Diagnostics& diagnostics) {
  int64_t quota = plan.targets[target].quota, peak = 0;
  for (const plan::PeakFacts& one : plan.facts ? plan.facts->peaks : std::vector<plan::PeakFacts>())
    if (one.target == target) peak = one.instances;
  Brings own{plan::rollout_text(plan), {}, plan.targets[target].others};
  std::vector<uint32_t> services = verify::services_on(plan, target);
  for (uint32_t service : services) own.rest += verify::instances_at_first(plan, service).all();
  own.more = peak - own.rest;
  if (quota <= 0 || own.more <= 0 || peak > quota) return;
  for (const plan::Service& service : plan.services) own.subjects.insert(plan::identity_of(plan, service));
  uint32_t first = plan::none, last = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    bool here = step.kind == plan::StepKind::Act && counts(step.action) &&
                std::find(services.begin(), services.end(), step.action.service) != services.end();
    if (here) first = std::min(first, i), last = i;
  }
  if (first == plan::none) return;
  for (const plan::Lock& lock : plan.locks)
    if (lock.first_step < first && last < lock.last_step) own.locks.insert(lock.name);
  own.place = plan.steps[first].place;
  std::vector<Brings>& known = brings_[system];
  for (const Brings& other : known) {
    int64_t both = std::max(own.rest, other.rest) + own.more + other.more;
    if (both <= quota || meet(own.subjects, other.subjects) || meet(own.locks, other.locks)) continue;
    diagnostics
        .report(verify::span_of(sources, own.place), diag::QuotaShort, plan.targets[target].name, both, quota)
        .note(fmt::format("{} ({}) may be underway at the same time: it brings {} more, {} brings {} more",
                          other.rollout, other.place, other.more, own.rollout, own.more))
        .advise("take one lock in both around all that brings instances, or raise the quota");
    break;
  }
  known.push_back(std::move(own));
}

}  // namespace rollout
