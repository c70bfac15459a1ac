#include "runtime/exec/moves.h"

#include <algorithm>

#include "runtime/exec/fold.h"

namespace rollout::exec {

namespace {

void move_phase(State& state, uint32_t phase, PhaseTrigger on) {
  PhaseStatus& status = state.phases[phase].status;
  status = advance(phase_rows, status, on, state.walked.phase);
}

/// What one of its steps has moved to.
void follow(State& state, uint32_t phase, StepStatus from, StepStatus to) {
  PhaseState& of = state.phases.at(phase);
  if (to == StepStatus::Done) --of.open;
  if (from == StepStatus::Done) ++of.open;
  if (to == StepStatus::Begun && of.status == PhaseStatus::Pending) move_phase(state, phase, PhaseTrigger::Enter);
  if (of.status == PhaseStatus::Passed && of.open > 0) move_phase(state, phase, PhaseTrigger::Anew);
  if (of.status == PhaseStatus::Underway && of.open == 0) move_phase(state, phase, PhaseTrigger::Leave);
}

}  // namespace

void move_step(State& state, const plan::Plan& plan, StepRef ref, StepTrigger on) {
  StepState& step = state.at(ref);
  StepStatus from = step.status;
  step.status = advance(step_rows, from, on, state.walked.step);
  if (ref.undo) return;
  state.frontier.move(ref.step, from, step.status);
  if (uint32_t phase = plan.steps[ref.step].phase; phase != plan::none) follow(state, phase, from, step.status);
}

StepRange steps_of(const plan::UndoScope& scope) { return {scope.first_step, scope.last_step + 1}; }

StepRange steps_to_take_back(const plan::Plan& plan, const State& state) {
  uint32_t commit = commit_passed(plan, state);
  return {commit == plan::none ? 0 : commit + 1, uint32_t(plan.steps.size())};
}

void move_phases(State& state, const plan::Plan& plan, StepRange range, PhaseTrigger on) {
  std::vector<bool> outside(state.phases.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].phase != plan::none && (i < range.first || i >= range.end)) outside[plan.steps[i].phase] = true;
  for (uint32_t phase = 0; phase < state.phases.size(); ++phase) {
    bool has_row = row_of(phase_rows, state.phases[phase].status, on) < std::size(phase_rows);
    if (!outside[phase] && has_row) move_phase(state, phase, on);
  }
}

void move_gate(State& state, HoldState& hold, uint32_t gate, GateTrigger on) {
  GatePhase& phase = hold.gates.at(gate).phase;
  phase = advance(gate_rows, phase, on, state.walked.gate);
}

GateTrigger trigger_of(const journal::GateDecided& decided) {
  if (decided.unproven) return GateTrigger::GoOn;
  switch (decided.verdict) {
    case journal::Verdict::Pass: return GateTrigger::Pass;
    case journal::Verdict::Fail: return GateTrigger::Reject;
    case journal::Verdict::NoEvidence: break;
  }
  return GateTrigger::Lack;
}

void move_ask(State& state, Ask& ask, ApprovalTrigger on) {
  ask.phase = advance(approval_rows, ask.phase, on, state.walked.approval);
}

bool is_open(const Ask& ask) {
  return ask.phase != ApprovalPhase::Approved && ask.phase != ApprovalPhase::Rejected;
}

bool is_resting(const HoldState& hold) {
  return std::any_of(hold.asks.begin(), hold.asks.end(),
                     [](const auto& asked) { return asked.second.phase == ApprovalPhase::Overdue; });
}

void end_hold(State& state, StepRef ref) {
  auto found = state.holds.find(ref);
  if (found == state.holds.end()) return;
  HoldState& hold = found->second;
  for (auto& [gate, of] : hold.gates) {
    bool open = of.phase == GatePhase::Gathering || of.phase == GatePhase::Asking || of.phase == GatePhase::Overruling;
    if (open) move_gate(state, hold, gate, GateTrigger::Drop);
  }
  for (auto& [gate, ask] : hold.asks)
    if (is_open(ask)) move_ask(state, ask, ApprovalTrigger::Drop);
  state.holds.erase(found);
}

}  // namespace rollout::exec
