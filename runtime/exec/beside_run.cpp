// What can be carried out at the same time as a look or an action: all that is underway beside it.
#include "runtime/exec/executor.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

/// A look or an action of the plan's; not one that confirms what was done before a sample counts.
std::optional<StepRef> carried_out(const Command& command) {
  if (const Observe* look = std::get_if<Observe>(&command); look != nullptr && !look->confirm) return look->step;
  if (const Act* act = std::get_if<Act>(&command); act != nullptr && !act->confirm) return act->step;
  return std::nullopt;
}

}  // namespace

/// Begun and not done: of the run's steps, or of its way back. What failed scopes do goes one after the other.
std::vector<StepRef> Executor::acting(const State& state) const {
  std::vector<StepRef> out;
  if (state.phase == RunPhase::Running) {
    for (uint32_t i : state.frontier.underway())
      if (state.steps[i].status == StepStatus::Begun && plan_.steps[i].kind == plan::StepKind::Act &&
          !lies_in_failed(plan_, state, i))
        out.push_back({i, false});
  } else if (state.rollback == RollbackPhase::Undoing) {
    for (const plan::ServiceUndo& service : state.way) {
      uint32_t index = open_undo(state, service);
      if (index != plan::none && state.undo[index].status == StepStatus::Begun) out.push_back({index, true});
    }
  }
  return out;
}

std::vector<Command> Executor::beside(const State& state, Memory& memory, Command first,
                                      int64_t now) const {
  std::vector<Command> out{std::move(first)};
  std::optional<StepRef> done = carried_out(out.front());
  if (!done || memory.at_once <= 1 || memory.interrupted) return out;
  for (StepRef ref : acting(state)) {
    if (out.size() == memory.at_once) break;
    if (ref == *done || attempt_ends(state, memory, ref, now)) continue;
    Command command = next_act(state, memory, ref, now);
    std::optional<Late> late;
    if (command.index() != out.front().index() || comes_last(memory, command, late)) continue;
    out.push_back(std::move(command));
  }
  return out;
}

}  // namespace rollout::exec
