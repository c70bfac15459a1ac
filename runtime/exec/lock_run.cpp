// Locks: taken in front of the part of a plan that they guard, given back behind it. A rollback of that part takes the
// lock again before it undoes anything there, and gives it back when all is undone.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/control.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

std::string text_not_taken(const plan::Lock& lock, const LockMemory& looks) {
  return fmt::format("lock `{0}` was not free within {1}: run {2} holds it; `rollout status {2}` says what it does, "
                     "`rollout abort {2}` takes it back",
                     lock.name, eval::duration_text(lock.within_ns), looks.holder);
}

/// A begun step of the part that `lock` guards acts on the service, and the entry undoes it.
bool guards(const plan::Plan& plan, const State& state, const plan::Lock& lock, const plan::ServiceUndo& entry) {
  uint32_t first = std::max(lock.first_step, entry.first_step), last = std::min(lock.last_step, entry.last_step);
  for (uint32_t i = first; i <= last; ++i) {
    const plan::Step& step = plan.steps[i];
    if (step.kind == plan::StepKind::Act && step.action.service == entry.service &&
        state.steps[i].status != StepStatus::Pending)
      return true;
  }
  return false;
}

}  // namespace

Command Executor::next_lock(const State& state, Memory& memory, StepRef ref, int64_t now) const {
  uint32_t index = plan_.steps[ref.step].lock;
  const plan::Lock& lock = plan_.locks[index];
  LockMemory& looks = memory.locks[index];
  int64_t deadline = state.at(ref).begun_ns + lock.within_ns;
  if (looks.looked && now >= deadline)
    return Record{{journal::StepFailed{ref, 1, true, false, text_not_taken(lock, looks)}}};
  if (looks.looked && now < looks.next_look_ns) return Wait{std::min(looks.next_look_ns, deadline)};
  return TakeLock{index, {journal::LockTaken{index, lock.name}, journal::StepDone{ref, 1, false, ""}}};
}

std::optional<Command> Executor::lock_to_go_back(const State& state, Memory& memory, const plan::ServiceUndo& service,
                                                 int64_t now) const {
  // The outer one of two first, and otherwise the later one: a rollback that begins in its part holds it already, and
  // compiler/lock_orders.cpp counts on it.
  uint32_t index = plan::none;
  for (uint32_t i = 0; i < plan_.locks.size(); ++i)
    if (!holds_lock(plan_, state, i) && guards(plan_, state, plan_.locks[i], service) &&
        (index == plan::none || plan_.locks[i].last_step > plan_.locks[index].last_step))
      index = i;
  if (index == plan::none) return std::nullopt;
  const plan::Lock& lock = plan_.locks[index];
  uint32_t undo = open_undo(state, service);
  uint32_t scope = state.phase == RunPhase::RollingBack ? plan::none : state.undo[undo].scope;
  int64_t began_ns = scope == plan::none ? state.rollback_ns : state.scopes[scope].began_ns;
  LockMemory& looks = memory.locks[index];
  int64_t deadline = began_ns + lock.within_ns;
  StepRef ref{undo, true};
  if (looks.looked && now >= deadline)
    return Record{{journal::StepFailed{ref, state.at(ref).attempt, true, false, text_not_taken(lock, looks)}}};
  if (looks.looked && now < looks.next_look_ns) return Wait{std::min(looks.next_look_ns, deadline)};
  return TakeLock{index, {journal::LockTaken{index, lock.name}}};
}

/// Of the parts in `scope`, with `none` of the whole run.
Executor::Events Executor::released(const State& state, uint32_t scope) const {
  Events out;
  for (uint32_t i = 0; i < plan_.locks.size(); ++i)
    if (state.locks[i] && plan::lies_in(plan_, state.scope_of[plan_.locks[i].first_step], scope))
      out.push_back(journal::LockReleased{i, plan_.locks[i].name});
  return out;
}

}  // namespace rollout::exec
