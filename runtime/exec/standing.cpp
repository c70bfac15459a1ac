#include "runtime/exec/standing.h"

#include <algorithm>

namespace rollout::exec {

Then then_of(const plan::Plan& plan, const State& state, uint32_t scope) {
  const plan::UndoScope& of = plan.scopes[scope];
  switch (of.on_failure) {
    case plan::OnFailure::Rollback: return Then::Unwind;
    case plan::OnFailure::Checkpoint: return Then::Park;
    case plan::OnFailure::Stop: break;
    case plan::OnFailure::Continue: {
      int64_t failed = std::count_if(state.failed_scopes.begin(), state.failed_scopes.end(),
                                     [&](uint32_t other) { return plan.scopes[other].group == of.group; });
      if (failed > of.at_most) return Then::Unwind;
      break;
    }
  }
  // What could not go back waits for a hand, whatever the rule.
  if (state.scopes[scope].rollback == RollbackPhase::Stuck) return Then::Park;
  bool goes_on = of.on_failure == plan::OnFailure::Continue || state.scopes[scope].released;
  return goes_on ? Then::GoOn : Then::Park;
}

bool lies_in_failed(const plan::Plan& plan, const State& state, uint32_t step) {
  if (state.failed_scopes.empty()) return false;
  for (uint32_t scope = state.scope_of[step]; scope != plan::none; scope = plan.scopes[scope].parent)
    if (state.scopes[scope].failed()) return true;
  return false;
}

bool is_left_behind(const plan::Plan& plan, const State& state, uint32_t step) {
  if (state.failed_scopes.empty()) return false;
  for (uint32_t scope = state.scope_of[step]; scope != plan::none; scope = plan.scopes[scope].parent)
    if (state.scopes[scope].failed() && state.scopes[scope].ended && then_of(plan, state, scope) == Then::GoOn)
      return true;
  return false;
}

std::vector<bool> skipped_scopes(const plan::Plan& plan, const State& state) {
  std::vector<bool> skipped(plan.scopes.size());
  if (state.failed_scopes.empty()) return skipped;
  for (uint32_t i = 0; i < plan.scopes.size(); ++i) {
    const plan::UndoScope& scope = plan.scopes[i];
    bool lacks = std::any_of(scope.needs.begin(), scope.needs.end(),
                             [&](uint32_t need) { return skipped[need] || state.scopes[need].failed(); });
    for (uint32_t step = scope.first_step; lacks && step <= scope.last_step; ++step)
      lacks = state.steps[step].status == StepStatus::Pending;  // whatever a saved plan says that it needs
    skipped[i] = lacks || (scope.parent != plan::none && skipped[scope.parent]);
  }
  return skipped;
}

bool is_skipped(const State& state, const std::vector<bool>& skipped, uint32_t step) {
  return state.scope_of[step] != plan::none && skipped[state.scope_of[step]];
}

bool is_retried(const plan::Plan& plan, const State& state, uint32_t step) {
  return plan.retry.times > 0 && step > plan.retry.from_step && state.scope_of[step] == plan::none &&
         plan.steps[step].kind == plan::StepKind::Act;
}

bool is_closing(const plan::Plan& plan, const State& state, uint32_t step) {
  return std::any_of(state.failed_scopes.begin(), state.failed_scopes.end(), [&](uint32_t scope) {
    return then_of(plan, state, scope) == Then::Unwind &&
           plan::lies_in(plan, state.scope_of[step], plan.scopes[scope].parent);
  });
}

bool is_parking(const plan::Plan& plan, const State& state) {
  return std::any_of(state.failed_scopes.begin(), state.failed_scopes.end(),
                     [&](uint32_t scope) { return then_of(plan, state, scope) == Then::Park; });
}

bool may_begin(const plan::Plan& plan, const State& state, uint32_t step) {
  if (state.failed_scopes.empty()) return true;
  return !is_parking(plan, state) && !lies_in_failed(plan, state, step) && !is_closing(plan, state, step);
}

bool has_drained(const plan::Plan& plan, const State& state, uint32_t scope) {
  bool goes_back = std::any_of(state.failed_scopes.begin(), state.failed_scopes.end(), [&](uint32_t other) {
    return state.scopes[other].rollback == RollbackPhase::Undoing && plan::lies_in(plan, other, scope);
  });
  if (goes_back) return false;
  uint32_t first = scope == plan::none ? 0 : plan.scopes[scope].first_step;
  uint32_t end = scope == plan::none ? uint32_t(plan.steps.size()) : plan.scopes[scope].last_step + 1;
  for (uint32_t i = first; i < end; ++i)
    if (state.steps[i].status == StepStatus::Begun && plan.steps[i].kind == plan::StepKind::Act &&
        !lies_in_failed(plan, state, i))
      return false;
  return true;
}

uint32_t scope_taking_back(const State& state, uint32_t service) {
  for (uint32_t index : state.failed_scopes) {
    const ScopeState& scope = state.scopes[index];
    bool own = std::any_of(scope.way.begin(), scope.way.end(),
                           [&](const plan::ServiceUndo& entry) { return entry.service == service; });
    if (own && scope.rollback != RollbackPhase::Complete) return index;
  }
  return plan::none;
}

}  // namespace rollout::exec
