#include "compiler/plan/undo_scope.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/plan.h"

namespace rollout::plan {

namespace {
constexpr size_t max_named = 3;
}

std::vector<uint32_t> scopes_of_steps(const Plan& plan) {
  std::vector<uint32_t> of(plan.steps.size(), none);
  // An inner scope stands behind the one around it.
  for (uint32_t scope = 0; scope < plan.scopes.size(); ++scope)
    std::fill(of.begin() + plan.scopes[scope].first_step, of.begin() + plan.scopes[scope].last_step + 1, scope);
  return of;
}

bool lies_in(const Plan& plan, uint32_t scope, uint32_t outer) {
  while (scope != outer && scope != none) scope = plan.scopes[scope].parent;
  return scope == outer;
}

uint32_t scope_around(const Plan& plan, uint32_t scope, uint32_t last_step) {
  while (scope != none && plan.scopes[scope].last_step < last_step) scope = plan.scopes[scope].parent;
  return scope;
}

const std::vector<uint32_t>& undo_to(const Step& step, uint32_t scope) {
  for (const ScopeUndo& own : step.scope_rollback)
    if (own.scope == scope) return own.undo;
  return step.rollback;
}

bool goes_on(const UndoScope& scope) {
  return scope.on_failure == OnFailure::Stop || scope.on_failure == OnFailure::Continue;
}

bool needs(const Plan& plan, uint32_t scope, uint32_t other) {
  std::vector<uint32_t> open;
  std::vector<bool> met(plan.scopes.size());
  auto meet = [&](uint32_t one) {
    if (one != none && !met[one]) met[one] = true, open.push_back(one);
  };
  meet(scope);
  while (!open.empty()) {
    const UndoScope& one = plan.scopes[open.back()];
    open.pop_back();
    for (uint32_t need : one.needs) {
      if (need == other) return true;
      meet(need);
    }
    meet(one.parent);
  }
  return false;
}

bool is_behind_checkpoint(const Plan& plan, uint32_t scope) {
  return scope != none && plan.scopes[scope].on_failure == OnFailure::Checkpoint;
}

std::string scope_text(const Plan& plan, uint32_t scope) {
  const UndoScope& of = plan.scopes[scope];
  if (is_behind_checkpoint(plan, scope))
    return fmt::format("what stands behind {}", plan.steps[of.first_step - 1].text);
  std::vector<uint32_t> services;
  for (uint32_t i = of.first_step; i <= of.last_step; ++i) {
    const Step& step = plan.steps[i];
    bool known = std::find(services.begin(), services.end(), step.action.service) != services.end();
    if (step.kind == StepKind::Act && !known) services.push_back(step.action.service);
  }
  if (services.empty()) return fmt::format("step {}", of.first_step);
  size_t shown = services.size() > max_named ? max_named - 1 : services.size();
  std::string out;
  for (size_t i = 0; i < shown; ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", service_text(plan.services[services[i]]));
  return services.size() > shown ? fmt::format("{} and {} more", out, services.size() - shown) : out;
}

std::vector<uint32_t> left_out(const Plan& plan, uint32_t scope) {
  if (plan.scopes[scope].on_failure != OnFailure::Continue) return {};
  std::vector<bool> left(plan.scopes.size());
  std::vector<uint32_t> outermost;
  for (uint32_t i = 0; i < plan.scopes.size(); ++i) {  // what is needed stands in front of what needs it
    const UndoScope& of = plan.scopes[i];
    const bool inside = of.parent != none && left[of.parent];
    left[i] = inside || std::any_of(of.needs.begin(), of.needs.end(),
                                    [&](uint32_t need) { return need == scope || left[need]; });
    if (left[i] && !inside) outermost.push_back(i);
  }
  return outermost;
}

std::string left_out_text(const Plan& plan, uint32_t scope) {
  const std::vector<uint32_t> left = left_out(plan, scope);
  if (left.empty()) return {};
  std::string named;
  for (size_t i = 0; i < std::min(left.size(), max_named); ++i)
    named += fmt::format("{}{}", i == 0 ? "" : ", ", scope_text(plan, left[i]));
  return fmt::format("not begun, since it needs that: {}{}", named,
                     left.size() > max_named ? fmt::format(" and {} more", left.size() - max_named) : "");
}

std::string follows_text(const Plan& plan, uint32_t scope) {
  const UndoScope& of = plan.scopes[scope];
  switch (of.on_failure) {
    case OnFailure::Rollback: return "what is around it goes back next";
    case OnFailure::Stop: return "nothing new begins, and then the run is parked";
    case OnFailure::Checkpoint: return "the run is parked there";
    case OnFailure::Continue: break;
  }
  return fmt::format("the others go on, unless more than {} have failed", of.at_most);
}

std::string on_failure_text(const UndoScope& scope) {
  switch (scope.on_failure) {
    case OnFailure::Rollback: return "one that fails goes back first, then everything around it";
    case OnFailure::Stop: return "one that fails goes back, nothing new begins, and the run is parked";
    case OnFailure::Checkpoint: return "what fails goes back to the checkpoint, and the run is parked";
    case OnFailure::Continue: break;
  }
  return fmt::format("one that fails goes back, the others go on; with more than {} everything around them goes back",
                     scope.at_most);
}

}  // namespace rollout::plan
