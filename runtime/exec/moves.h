// Moves of steps, phases, gates and questions along their life cycles. For fold, and for what begins anew: nothing else
// changes what has become of them.
#pragma once

#include "runtime/exec/state.h"

namespace rollout::exec {

/// With it moves the phase that a forward step belongs to.
void move_step(State& state, const plan::Plan& plan, StepRef ref, StepTrigger on);

/// The steps of the plan from `first` on, up to and without `end`.
struct StepRange {
  uint32_t first = 0, end = 0;
};
StepRange steps_of(const plan::UndoScope& scope);
/// Those that a rollback of the run takes back: behind the last commit that it has passed.
StepRange steps_to_take_back(const plan::Plan& plan, const State& state);

/// Moves those phases that have begun and lie in the range as a whole, where their life cycle has a row for it.
void move_phases(State& state, const plan::Plan& plan, StepRange range, PhaseTrigger on);

/// What a verdict, or a question about one, means for its gate.
void move_gate(State& state, HoldState& hold, uint32_t gate, GateTrigger on);
GateTrigger trigger_of(const journal::GateDecided& decided);

void move_ask(State& state, Ask& ask, ApprovalTrigger on);
/// It can still be answered by a yes that was missing.
bool is_open(const Ask& ask);
/// Nobody has answered one of its questions in time: it rests until somebody does.
bool is_resting(const HoldState& hold);

/// It ends, with whatever of its gates and questions is undecided.
void end_hold(State& state, StepRef hold);
/// As many as `ends` is true of.
template <typename Ends>
void end_holds(State& state, Ends ends) {
  std::vector<StepRef> over;
  for (const auto& [step, hold] : state.holds)
    if (ends(step)) over.push_back(step);
  for (StepRef step : over) end_hold(state, step);
}

}  // namespace rollout::exec
