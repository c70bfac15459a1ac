// A way back that would lead to a version that is held: nobody goes it but a person. What is underway ends, and the run
// waits where it is.
#include <algorithm>

#include "runtime/exec/control.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/park_text.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

/// A way from a checkpoint or a commit on leads to what this run has brought, not to what ran before it.
bool leads_to_start(const plan::Plan& plan, const plan::ServiceUndo& entry) {
  for (uint32_t i = 0; i < entry.first_step; ++i)
    if (plan.steps[i].kind == plan::StepKind::Act && plan.steps[i].action.service == entry.service) return false;
  return !plan::undo_of(plan, entry).empty();
}

}  // namespace

bool leads_to_held(const plan::Plan& plan, const State& state, uint32_t scope) {
  bool some = std::any_of(state.unproven.begin(), state.unproven.end(), [](const auto& one) { return one.held; });
  if (!some) return false;
  std::vector<bool> open = open_steps(plan, state);
  plan::WayBack way = scope == plan::none ? plan::way_back(plan, open) : plan::way_back_of(plan, open, scope);
  return std::any_of(way.begin(), way.end(), [&](const plan::ServiceUndo& entry) {
    return leads_to_start(plan, entry) &&
           std::any_of(state.unproven.begin(), state.unproven.end(),
                       [&](const journal::BackTo& one) { return one.held && one.service == entry.service; });
  });
}

Command Executor::next_withheld(const State& state, Memory& memory, int64_t now) const {
  std::optional<Wait> wait;
  std::optional<Late> late;
  auto sooner = [&](const Wait& other) {
    if (!wait || other.until_ns < wait->until_ns) wait = other;
  };
  // Parts that had begun to go back alone end that: half a way back is no state to rest in.
  for (uint32_t scope : state.failed_scopes) {
    if (state.scopes[scope].ended) continue;
    std::optional<Command> command = next_scope(state, memory, scope, now);
    const Wait* waits = command ? std::get_if<Wait>(&*command) : nullptr;
    if (waits != nullptr) sooner(*waits);
    else if (command && !comes_last(memory, *command, late)) return std::move(*command);
  }
  for (uint32_t i : state.frontier.underway()) {
    if (plan_.steps[i].kind != plan::StepKind::Act || lies_in_failed(plan_, state, i)) continue;
    Command command = next_act(state, memory, {i, false}, now);
    const Wait* waits = std::get_if<Wait>(&command);
    if (waits != nullptr) sooner(*waits);
    else if (!comes_last(memory, command, late)) return command;
  }
  if (late) return std::move(late->command);
  if (wait) return *wait;
  if (!state.parked) return Record{{journal::Parked{{}, text_withheld(plan_, state)}}};
  return Finish{true};
}

}  // namespace rollout::exec
