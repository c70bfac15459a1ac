#include "compiler/plan/reach.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace rollout::plan {
namespace {

constexpr size_t max_named = 3;

/// The scope that fails with `scope`: that one itself, or the outermost that more failures than it allows take back.
/// `lost` grows by what fails on the way; none: the whole run goes back.
uint32_t fails_with(const Plan& plan, uint32_t scope, std::set<uint32_t>& lost) {
  while (scope != none) {
    lost.insert(scope);
    const UndoScope& of = plan.scopes[scope];
    if (of.on_failure == OnFailure::Stop || of.on_failure == OnFailure::Checkpoint) return scope;
    if (of.on_failure == OnFailure::Continue) {
      int64_t failed = std::count_if(lost.begin(), lost.end(),
                                     [&](uint32_t other) { return plan.scopes[other].group == of.group; });
      if (failed <= of.at_most) return scope;
    }
    scope = of.parent;
  }
  return none;
}

/// `edge[ams-1], edge[ams-2] and 3 more were not reached: WHY`, the reason being the first one's.
std::string lost_text(const Plan& plan, const std::vector<uint32_t>& services) {
  std::string names;
  size_t shown = std::min(services.size(), services.size() == max_named + 1 ? max_named + 1 : max_named);
  for (size_t i = 0; i < shown; ++i) {
    std::string_view between = i == 0 ? "" : i + 1 == services.size() ? " and " : ", ";
    names += fmt::format("{}{}", between, service_text(plan.services[services[i]]));
  }
  if (shown < services.size()) names += fmt::format(" and {} more", services.size() - shown);
  return fmt::format("{} {} not reached ({})", names, services.size() == 1 ? "was" : "were",
                     plan.services[services[0]].unreached);
}

}  // namespace

std::string lost_before_begun(const Plan& plan) {
  std::vector<uint32_t> scopes = scopes_of_steps(plan), services;
  std::set<uint32_t> lost, named;
  bool hopeless = false;
  int64_t most = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act || plan.services[step.action.service].unreached.empty()) continue;
    if (named.insert(step.action.service).second) services.push_back(step.action.service);
    hopeless |= fails_with(plan, scopes[i], lost) == none;
    if (scopes[i] != none) most = std::max(most, plan.scopes[scopes[i]].at_most);
  }
  if (!hopeless) return {};
  std::string rule = most > 0 ? fmt::format(", more than the {} that may fail", most)
                              : fmt::format(", and this rollout does not go on without {}",
                                            services.size() == 1 ? "it" : "them");
  return fmt::format("{}{}; bring {} back, or leave {} out", lost_text(plan, services), rule,
                     services.size() == 1 ? "it" : "them", services.size() == 1 ? "it" : "them");
}

}  // namespace rollout::plan
