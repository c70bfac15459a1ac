#include "runtime/exec/executor.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/approval.h"
#include "runtime/exec/control.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/moves.h"
#include "runtime/exec/opening.h"
#include "runtime/exec/park_text.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

using journal::Cause;
using journal::Outcome;
using journal::RunEnded;
using journal::StepStarted;

Command Executor::next(const State& state, Memory& memory, int64_t now) const {
  if (state.ended) return Finish{};
  if (memory.interrupted) return next_interrupted(state, memory, now);
  if (state.phase != RunPhase::Running || state.rollback == RollbackPhase::Withheld) memory.resting.clear();
  switch (state.phase) {
    case RunPhase::Running:
      if (state.abort) {
        std::string_view how = state.abort->rollback ? "taken back" : "aborted";
        std::string detail = fmt::format("{} by {}: {}", how, state.abort->by, state.abort->reason);
        return Record{rollback(state, state.abort->rollback ? Cause::Asked : Cause::Abort, std::move(detail))};
      }
      if (state.rollback == RollbackPhase::Withheld) return next_withheld(state, memory, now);
      return next_forward(state, memory, now);
    case RunPhase::RollingBack: break;
    case RunPhase::Succeeded:
    case RunPhase::RolledBack:
    case RunPhase::Parked: return Finish{};
  }
  switch (state.rollback) {
    case RollbackPhase::None:
    case RollbackPhase::Withheld:
    case RollbackPhase::Undoing: return next_undo(state, memory, now);
    case RollbackPhase::Verifying: return next_verify(state, memory, now);
    case RollbackPhase::Complete: return next_gone_back(state, memory, now);
    case RollbackPhase::Stuck: break;
  }
  return Record{{RunEnded{Outcome::Parked, text_not_verified(plan_, state)}}};
}

std::vector<journal::Payload> Executor::on(const State& state, Memory& memory, const Input& input,
                                           int64_t now) const {
  if (const Observed* observed = std::get_if<Observed>(&input)) {
    const OpError* error = observed->answer ? nullptr : &observed->answer.error();
    bool failed = error != nullptr && !error->refused && !error->settled;
    Events out = note_call(memory, observed->command.step, failed ? error : nullptr, observed->took_ns, now);
    Events more = observed->command.confirm ? on_confirmed(state, memory, *observed, now)
                                            : on_observed(state, memory, *observed, now);
    for (journal::Payload& event : more) out.push_back(std::move(event));
    return out;
  }
  if (const LockHeld* held = std::get_if<LockHeld>(&input)) {
    memory.locks[held->command.lock] = {true, now + lock_look_ns, held->holder};
    return {};
  }
  if (const Acted* acted = std::get_if<Acted>(&input)) return on_acted(state, memory, *acted, now);
  if (const CaptureAnswer* captured = std::get_if<CaptureAnswer>(&input))
    return on_captured(state, memory, *captured, now);
  if (const Compared* compared = std::get_if<Compared>(&input)) return on_compared(state, memory, *compared, now);
  return on_readings(state, memory, std::get<Readings>(input), now);
}

Executor::Events Executor::rollback(const State& state, Cause cause, std::string detail) const {
  return {journal::RollbackStarted{cause, state.furthest, std::move(detail)}};
}

std::optional<Executor::Events> Executor::begin_ready_steps(const State& state) const {
  Events out;
  for (uint32_t i : ready_steps(plan_, state)) {
    const plan::Step& step = plan_.steps[i];
    StepRef ref{i, false};
    // Behind a checkpoint an action may have been tried before.
    bool acts = step.kind == plan::StepKind::Act;
    int attempt = acts ? state.steps[i].attempt + 1 : 1;
    out.push_back(StepStarted{ref, attempt, acts ? key_of(state, ref, attempt).text() : ""});
    if (step.kind == plan::StepKind::Unlock)
      out.push_back(journal::LockReleased{step.lock, plan_.locks[step.lock].name});
    // Recorded at once: there is no moment in which a commit has begun and has not passed.
    if (passes_at_once(step)) out.push_back(journal::StepDone{ref, 1, false, ""});
  }
  if (out.empty()) return std::nullopt;
  return out;
}

Command Executor::next_forward(const State& state, Memory& memory, int64_t now) const {
  if (!state.captured && plan::captures(plan_)) return next_capture(memory, now);
  for (uint32_t i : state.frontier.failed()) {
    if (lies_in_failed(plan_, state, i)) continue;
    if (!is_retried(plan_, state, i))
      return Record{
          fail_at(state, {i, false}, Cause::StepFailed,
                  fmt::format("`{}` failed: {}", plan_.steps[i].text, state.steps[i].detail))};
    if (!state.parked) return Record{{journal::Parked{{i, false}, text_retried(plan_, state, i)}}};
  }
  if (uint32_t service = over_budget(plan_, state, now); service != plan::none && state.failed_scopes.empty())
    return Record{fail(state, plan::none, Cause::Exposure, over_budget_text(plan_, state, service, now))};
  if (state.overridden && now >= state.override_end_ns) return Record{{journal::OverrideEnded{}}};
  std::optional<Wait> wait;
  std::optional<Late> late;
  if (std::optional<Command> command = next_scopes(state, memory, now, wait, late)) return std::move(*command);
  bool paused = is_paused(state), closed = !paused && is_closed(plan_, memory.calendar, memory.wall_ns);
  if (closed && !is_said(state, memory.wall_ns) && waits_to_begin(plan_, state, now, memory.wall_ns))
    return Record{{closed_event(plan_, memory.wall_ns)}};
  if (auto events = closed || paused ? std::nullopt : begin_ready_steps(state)) return Record{std::move(*events)};
  bool parks = is_parking(plan_, state);
  std::optional<Wait> on_people;
  if (closed || paused || !state.failed_scopes.empty()) memory.resting.clear();
  if (std::optional<Wait> rested = wake_resting(state, memory, now)) wait = rested;
  const StepSet &underway = state.frontier.underway(), &asleep = memory.resting.asleep();
  for (uint32_t i = 0; (i = underway.next_outside(asleep, i)) != plan::none; ++i) {
    StepStatus status = state.steps[i].status;
    // What goes back soon tries nothing again.
    if (lies_in_failed(plan_, state, i) || (status == StepStatus::Pausing && is_closing(plan_, state, i))) continue;
    StepRef ref{i, false};
    auto hold = state.holds.find(ref);
    if (hold != state.holds.end() && is_resting(hold->second)) continue;
    // People would keep the others waiting.
    std::optional<Wait>& waiting = parks && waits_for_people(plan_, state, ref) ? on_people : wait;
    plan::StepKind kind = plan_.steps[i].kind;
    Command command = kind == plan::StepKind::Act    ? next_act(state, memory, ref, now)
                      : kind == plan::StepKind::Lock ? next_lock(state, memory, ref, now)
                                                     : next_hold(state, memory, ref, now);
    const Wait* waits = std::get_if<Wait>(&command);
    if (waits == nullptr && comes_last(memory, command, late)) continue;
    if (waits == nullptr) return command;
    if (!waiting || waits->until_ns < waiting->until_ns) waiting = *waits;
  }
  if (late) return std::move(late->command);
  if (wait && on_people) wait->until_ns = std::min(wait->until_ns, on_people->until_ns);
  if (state.parked && !wait) return Finish{true};
  if (paused && !wait && !parks) wait = Wait{now + paused_look_ns};
  if (closed && state.closed && !parks) {
    // With nothing underway a park leaves the run to a person; its state is durable.
    if (!wait && state.closed->park) return Finish{true};
    int64_t opens_ns = now + to_opening_ns(plan_, memory.wall_ns);
    wait = Wait{wait ? std::min(wait->until_ns, opens_ns) : opens_ns};
  }
  if (wait) {
    std::optional<int64_t> end = state.failed_scopes.empty() ? budget_end_ns(plan_, state) : std::nullopt;
    if (end) wait->until_ns = std::min(wait->until_ns, *end);
    if (state.overridden) wait->until_ns = std::min(wait->until_ns, state.override_end_ns);
    return *wait;
  }
  return Record{{forward_end(state)}};
}

/// The first of its undo actions that is not done; none: the service is as it was.
uint32_t Executor::open_undo(const State& state, const plan::ServiceUndo& service) const {
  for (uint32_t index : plan::undo_of(plan_, service))
    if (state.undo[index].status != StepStatus::Done) return index;
  return plan::none;
}

// Of each service in the order of its list, with nothing in its way: traffic first, then what carried it. Services
// that are independent go back at the same time, and one that is stuck does not keep them from it.
std::optional<Command> Executor::go_back(const State& state, Memory& memory, const plan::WayBack& way,
                                         std::optional<StepRef>& stuck, int64_t now) const {
  std::optional<Wait> wait;
  Events begun;
  std::vector<uint32_t> open;
  for (const plan::ServiceUndo& service : way) open.push_back(open_undo(state, service));
  std::optional<Late> late;
  for (const plan::ServiceUndo& service : way) {
    uint32_t index = open[size_t(&service - way.data())];
    bool blocked = std::any_of(service.after.begin(), service.after.end(),
                               [&](uint32_t entry) { return open[entry] != plan::none; });
    if (index == plan::none || blocked) continue;
    StepRef ref{index, true};
    StepStatus status = state.undo[index].status;
    if (status == StepStatus::Failed) {
      stuck = ref;
      continue;
    }
    std::optional<Command> waits_for = lock_to_go_back(state, memory, service, now);
    if (!waits_for && status == StepStatus::Pending) {
      int attempt = state.undo[index].attempt + 1;
      begun.push_back(StepStarted{ref, attempt, key_of(state, ref, attempt).text()});
    }
    if (!begun.empty()) {
      if (memory.at_once <= 1) break;
      continue;  // one commit for all that is then done at once
    }
    Command command = waits_for ? std::move(*waits_for) : next_act(state, memory, ref, now);
    const Wait* waits = std::get_if<Wait>(&command);
    if (waits == nullptr && comes_last(memory, command, late)) continue;
    if (waits == nullptr) return command;
    if (!wait || waits->until_ns < wait->until_ns) wait = *waits;
  }
  if (!begun.empty()) return Command(Record{std::move(begun)});
  if (late) return std::move(late->command);
  if (wait) return Command(*wait);
  return std::nullopt;
}

Command Executor::next_undo(const State& state, Memory& memory, int64_t now) const {
  std::optional<StepRef> stuck;
  if (std::optional<Command> command = go_back(state, memory, state.way, stuck, now)) return std::move(*command);
  if (std::optional<Command> command = next_hook_action(state, memory, now)) return std::move(*command);
  if (stuck) return Record{{RunEnded{Outcome::Parked, text_stuck(plan_, state, *stuck)}}};
  bool changed = !plan::undo_list(plan_, state.way).empty();
  if (!changed || plan_.rollback.verify_gate == plan::none) return next_gone_back(state, memory, now);
  Events out = released(state, plan::none);
  out.push_back(journal::VerifyStarted{plan_.rollback.verify_gate});
  return Record{std::move(out)};
}

Command Executor::next_verify(const State& state, Memory& memory, int64_t now) const {
  return next_hold(state, memory, journal::verification, now);
}

EffectKey Executor::key_of(const State& state, StepRef ref, int attempt) const {
  uint32_t service = action_of(plan_, ref).service;
  int64_t generation = service < state.services.size() ? state.services[service].generation : 0;
  return {run_, generation, ref.step, ref.undo, attempt};
}

}  // namespace rollout::exec
