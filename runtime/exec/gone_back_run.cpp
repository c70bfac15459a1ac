// The end of a way back. The record may be older than the world, as one that was restored from a backup: before it says
// that all has gone back, what runs is compared with what the plan found before the run.
#include <set>

#include <fmt/format.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/hook.h"
#include "runtime/exec/park_text.h"

namespace rollout::exec {

using journal::Outcome;
using journal::RunEnded;

namespace {

/// Those whose version the plan changes, and of which it knows what ran before.
std::vector<uint32_t> versioned_services(const plan::Plan& plan) {
  std::set<uint32_t> services;
  for (const plan::Step& step : plan.steps)
    for (const plan::Setting& setting : step.action.sets)
      if (setting.variable == plan::Variable::Version && plan.services[step.action.service].unreached.empty())
        services.insert(step.action.service);
  return {services.begin(), services.end()};
}

}  // namespace

/// Everything that could be taken back was. Behind a commit that is not everything, and a person has to go on.
Command Executor::next_gone_back(const State& state, const Memory& memory, int64_t now) const {
  bool committed = commit_passed(plan_, state) != plan::none;
  const CompareMemory& compare = memory.compare;
  if (!committed && !compare.answer) {
    if (now < compare.next_ns) return Wait{compare.next_ns};
    return Compare{versioned_services(plan_)};
  }
  Events out;
  if (state.rollback == RollbackPhase::Undoing) out = released(state, plan::none);
  out.push_back(committed ? RunEnded{Outcome::Parked, text_past_commit(plan_, state)}
                          : compared_end(state, *compare.answer));
  return Record{std::move(out)};
}

Executor::Events Executor::on_compared(const State& state, Memory& memory, const Compared& input, int64_t now) const {
  memory.compare.next_ns = now + capture_pause_ns;
  // Of a run that has changed nothing there is nothing that could have come to nothing.
  bool changed = !plan::undo_list(plan_, state.way).empty();
  bool again = !input.answer && changed && ++memory.compare.attempts < capture_attempts;
  if (!again) memory.compare.answer = input.answer;
  return {};
}

RunEnded Executor::compared_end(const State& state, const Result<std::vector<Astray>>& compared) const {
  if (compared && !compared->empty()) {
    RunEnded end{Outcome::Parked, text_astray(plan_, state, *compared)};
    for (const Astray& one : *compared) end.found.push_back({one.service, one.runs});
    return end;
  }
  std::string unseen;
  if (!compared && !plan::undo_list(plan_, state.way).empty())
    unseen = fmt::format("; what runs now could not be compared with what ran before: {}", compared.error().message);
  return {Outcome::RolledBack, state.cause_detail + text_hooks_failed(plan_, state) + unseen};
}

}  // namespace rollout::exec
