#include "runtime/exec/control.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "runtime/exec/moves.h"
#include "runtime/exec/samples.h"

namespace rollout::exec {

uint32_t behind_checkpoint(const plan::Plan& plan, const State& state) {
  uint32_t commit = commit_passed(plan, state);
  for (uint32_t i = uint32_t(plan.scopes.size()); i-- > 0;) {
    if (!plan::is_behind_checkpoint(plan, i)) continue;
    uint32_t checkpoint = plan.scopes[i].first_step - 1;
    bool passed = state.steps[checkpoint].status == StepStatus::Done;
    if (passed) return commit != plan::none && commit > checkpoint ? plan::none : i;
  }
  return plan::none;
}

void begin_anew(State& state, const plan::Plan& plan, uint32_t index) {
  ScopeState& scope = state.scopes[index];
  scope.rollback = advance(rollback_rows, scope.rollback, RollbackTrigger::TryAgain, state.walked.rollback);
  move_phases(state, plan, steps_of(plan.scopes[index]), PhaseTrigger::Anew);
  auto forget = [&](StepRef ref) {
    StepState& step = state.at(ref);
    if (step.status != StepStatus::Pending) move_step(state, plan, ref, StepTrigger::Anew);
    step.first_attempt = step.attempt;  // no effect has the key of an earlier one
    step.touched = false;               // all of it has been taken back
    step.scope = plan::none;
  };
  for (uint32_t undo : plan::undo_list(plan, scope.way)) forget({undo, true});
  const plan::UndoScope& of = plan.scopes[index];
  for (uint32_t i = of.first_step; i <= of.last_step; ++i) {
    forget({i, false});
    // What was seen of the earlier try says nothing of this one.
    for (uint32_t gate : plan.steps[i].gates)
      for (uint32_t condition : plan.gates[gate].conditions)
        state.conditions[condition] = fresh_condition(plan, plan.conditions[condition], state.captured);
  }
  for (uint32_t i = 0; i < plan.watches.size(); ++i) {
    if (plan.watches[i].last_step < of.first_step || plan.watches[i].first_step > of.last_step) continue;
    state.watches[i] = {};
    uint32_t condition = plan.watches[i].condition;
    state.conditions[condition] = fresh_condition(plan, plan.conditions[condition], state.captured);
  }
  // Scopes inside of it that had failed begin anew with it.
  for (uint32_t inner = 0; inner < plan.scopes.size(); ++inner)
    if (plan::lies_in(plan, inner, index)) state.scopes[inner] = {};
  std::erase(state.failed_scopes, index);
}

int64_t unseen_ns(const State& state, uint32_t service, int64_t now) {
  const ServiceState& of = state.services[service];
  int64_t since = std::max<int64_t>(now - state.run_ns, 0);
  return of.unseen_ns + int64_t(__int128(of.share_ppb) * since / eval::percent_all);
}

uint32_t over_budget(const plan::Plan& plan, const State& state, int64_t now) {
  if (!plan.budget_exposure_ns) return plan::none;
  for (uint32_t service = 0; service < state.services.size(); ++service)
    if (unseen_ns(state, service, now) > *plan.budget_exposure_ns) return service;
  return plan::none;
}

std::optional<int64_t> budget_end_ns(const plan::Plan& plan, const State& state) {
  if (!plan.budget_exposure_ns) return std::nullopt;
  std::optional<int64_t> end;
  for (const ServiceState& service : state.services) {
    if (service.share_ppb <= 0) continue;
    int64_t left = std::max<int64_t>(*plan.budget_exposure_ns - service.unseen_ns, 0);
    // Rounded up, so that it is over by then.
    __int128 until = (__int128(left + 1) * eval::percent_all + service.share_ppb - 1) / service.share_ppb;
    if (until > INT64_MAX / 2) continue;
    int64_t at = state.run_ns + int64_t(until);
    if (!end || at < *end) end = at;
  }
  return end;
}

std::string over_budget_text(const plan::Plan& plan, const State& state, uint32_t service, int64_t now) {
  const plan::Service& of = plan.services[service];
  std::string_view what = of.subject == plan::Subject::Flag ? "had" : "were on the new version of";
  int64_t unseen = unseen_ns(state, service, now);
  // Less than a millisecond is left out, unless that is what it is over by.
  int64_t rounded = unseen - unseen % eval::ns_per_ms;
  int64_t shown = rounded > *plan.budget_exposure_ns ? rounded : unseen;
  return fmt::format("users {} {} for {} of full traffic since anything last looked at it, and the budget is {}", what,
                     plan::service_text(of), eval::duration_text(shown),
                     eval::duration_text(*plan.budget_exposure_ns));
}

bool holds_lock(const plan::Plan& plan, const State& state, uint32_t lock) {
  for (uint32_t i = 0; i < plan.locks.size(); ++i)
    if (state.locks[i] && plan.locks[i].name == plan.locks[lock].name) return true;
  return false;
}

}  // namespace rollout::exec
