#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/hook.h"

namespace rollout::exec {

std::vector<uint32_t> hook_actions(const plan::Plan& plan, const State& state) {
  std::vector<uint32_t> actions;
  for (const plan::Hook& hook : plan.hooks) {
    if (!state.cause || (hook.on_abort && !journal::by_hand(*state.cause))) continue;
    for (uint32_t action : hook.actions)
      if (std::find(actions.begin(), actions.end(), action) == actions.end()) actions.push_back(action);
  }
  return actions;
}

std::string text_hooks_failed(const plan::Plan& plan, const State& state) {
  std::string text;
  for (uint32_t action : hook_actions(plan, state))
    if (state.undo[action].status == StepStatus::Failed)
      text += fmt::format("; beside the way back `{}` failed: {}", plan.undo[action].text, state.undo[action].detail);
  return text;
}

/// The next command of a hook; nothing: all of them are done, or have failed.
std::optional<Command> Executor::next_hook_action(const State& state, Memory& memory, int64_t now) const {
  std::optional<Wait> wait;
  for (uint32_t index : hook_actions(plan_, state)) {
    StepRef ref{index, true};
    StepStatus status = state.undo[index].status;
    if (status == StepStatus::Pending)
      return Command(Record{{journal::StepStarted{ref, 1, key_of(state, ref, 1).text()}}});
    if (status == StepStatus::Done || status == StepStatus::Failed) continue;
    Command command = next_act(state, memory, ref, now);
    const Wait* waits = std::get_if<Wait>(&command);
    if (waits == nullptr) return command;
    if (!wait || waits->until_ns < wait->until_ns) wait = *waits;
  }
  if (wait) return Command(*wait);
  return std::nullopt;
}

}  // namespace rollout::exec
