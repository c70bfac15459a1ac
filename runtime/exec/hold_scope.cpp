#include "runtime/exec/hold_scope.h"

#include <algorithm>

#include "runtime/exec/samples.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

bool reads(const plan::Plan& plan, const plan::Condition& condition, uint32_t service) {
  return plan.signals[condition.left.signal].service == service ||
         (condition.right && plan.signals[condition.right->signal].service == service);
}

bool judges(const plan::Plan& plan, StepRef hold, uint32_t service) {
  for (uint32_t gate : gates_of(plan, hold))
    for (uint32_t condition : plan.gates[gate].conditions)
      if (reads(plan, plan.conditions[condition], service)) return true;
  return false;
}

/// Of the running holds that are a `candidate`, the one that judges the service, else the first.
template <typename Candidate>
bool is_first(const plan::Plan& plan, const State& state, StepRef hold, uint32_t service, Candidate candidate) {
  if (state.holds.size() == 1) return true;
  bool own = judges(plan, hold, service);
  for (const auto& [other, _] : state.holds) {
    if (other == hold || !candidate(other)) continue;
    bool theirs = judges(plan, other, service);
    if (theirs != own ? theirs : other < hold) return false;
  }
  return true;
}

}  // namespace

bool in_motion(const plan::Plan& plan, const State& state, uint32_t service) {
  if (uint32_t scope = scope_taking_back(state, service); scope != plan::none)
    return state.scopes[scope].rollback != RollbackPhase::Verifying;
  for (uint32_t i : state.frontier.underway()) {
    bool acts = plan.steps[i].kind == plan::StepKind::Act && plan.steps[i].action.service == service;
    if (acts && !lies_in_failed(plan, state, i)) return true;
  }
  return false;
}

bool looks_after(const plan::Plan& plan, const State& state, StepRef hold, uint32_t service) {
  if (hold == journal::verification) return true;
  return is_first(plan, state, hold, service, [](StepRef) { return true; }) && !in_motion(plan, state, service);
}

std::vector<uint32_t> watches_now(const plan::Plan& plan, const State& state, StepRef hold) {
  std::vector<uint32_t> watches = watches_of(plan, hold);
  std::erase_if(watches, [&](uint32_t index) {
    const plan::Watch& watch = plan.watches[index];
    const plan::Condition& condition = plan.conditions[watch.condition];
    auto in_scope = [&](StepRef other) {
      return !other.undo && watch.first_step <= other.step && other.step <= watch.last_step;
    };
    uint32_t service = plan.signals[condition.left.signal].service;
    if (!is_first(plan, state, hold, service, in_scope) || in_motion(plan, state, service)) return true;
    return condition.right && in_motion(plan, state, plan.signals[condition.right->signal].service);
  });
  return watches;
}

}  // namespace rollout::exec
