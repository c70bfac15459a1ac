// Scopes that have failed: each goes back to its entry while the others go on, or drain; then its rule says what
// follows.
#include <utility>

#include <fmt/format.h>

#include "runtime/exec/control.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/park_text.h"
#include "runtime/exec/samples.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

using journal::Cause;
using journal::Outcome;
using journal::RunEnded;
using journal::ScopeEnded;

Executor::Events Executor::fail(const State& state, uint32_t scope, Cause cause, std::string detail) const {
  while (scope != plan::none && state.scopes[scope].failed()) scope = plan_.scopes[scope].parent;
  // Further than to the checkpoint only a person takes the run back.
  if (scope == plan::none) scope = behind_checkpoint(plan_, state);
  bool whole = scope == plan::none || state.scopes[scope].failed();
  if (leads_to_held(plan_, state, whole ? plan::none : scope))
    return {journal::RollbackWithheld{cause, std::move(detail)}};
  if (whole) return rollback(state, cause, std::move(detail));
  return {journal::ScopeRollbackStarted{scope, cause, std::move(detail)}};
}

Executor::Events Executor::fail_at(const State& state, StepRef step, Cause cause, std::string detail) const {
  return fail(state, step.undo ? plan::none : state.scope_of[step.step], cause, std::move(detail));
}

/// The next command of one scope's rollback, and of what follows it; nothing: it waits for others, or is over.
std::optional<Command> Executor::next_scope(const State& state, Memory& memory, uint32_t index, int64_t now) const {
  const ScopeState& scope = state.scopes[index];
  const plan::Rollback& rule = plan_.scopes[index].rollback;
  if (scope.rollback == RollbackPhase::Undoing) {
    std::optional<StepRef> stuck;
    if (auto command = go_back(state, memory, scope.way, stuck, now)) return command;
    if (stuck) return Record{{ScopeEnded{index, false, text_scope_stuck(plan_, state, index, *stuck)}}};
    bool changed = !plan::undo_list(plan_, scope.way).empty();
    Events out = released(state, index);
    if (changed && rule.verify_gate != plan::none)
      out.push_back(journal::ScopeVerifyStarted{index, rule.verify_gate});
    else out.push_back(ScopeEnded{index, true, scope.cause_detail});
    return Record{std::move(out)};
  }
  if (scope.rollback == RollbackPhase::Verifying) return next_hold(state, memory, {plan::none, true, index}, now);
  if (!scope.ended) {
    bool restored = scope.rollback == RollbackPhase::Complete;
    std::string detail = restored ? scope.cause_detail : text_scope_unverified(plan_, state, index);
    return Record{{ScopeEnded{index, restored, std::move(detail)}}};
  }
  uint32_t parent = plan_.scopes[index].parent;
  if (then_of(plan_, state, index) != Then::Unwind || !has_drained(plan_, state, parent)) return std::nullopt;
  return Record{fail(state, parent, scope.cause, text_scope_failed(plan_, state, index))};
}

std::optional<Command> Executor::next_scopes(const State& state, Memory& memory, int64_t now,
                                             std::optional<Wait>& wait, std::optional<Late>& late) const {
  for (uint32_t scope : state.failed_scopes) {
    std::optional<Command> command = next_scope(state, memory, scope, now);
    const Wait* waits = command ? std::get_if<Wait>(&*command) : nullptr;
    if (command && waits == nullptr && !comes_last(memory, *command, late)) return command;
    if (waits != nullptr && (!wait || waits->until_ns < wait->until_ns)) wait = *waits;
  }
  return std::nullopt;
}

/// Nothing is left to do: everything is done, or what has failed stays behind, or a person has to say how it goes on.
journal::Payload Executor::forward_end(const State& state) const {
  for (uint32_t scope : state.failed_scopes)
    if (then_of(plan_, state, scope) == Then::Park)
      return journal::Parked{{plan::none, false, scope}, text_scopes_parked(plan_, state)};
  if (state.failed_scopes.empty()) return RunEnded{Outcome::Succeeded, ""};
  return RunEnded{Outcome::Parked, text_left_behind(plan_, state), true};
}

}  // namespace rollout::exec
