// One action of a plan, forward or undo: look, act, look again, try again, give up. See act_rows in lifecycle.h.
#include <algorithm>
#include <climits>

#include <fmt/format.h>

#include "runtime/exec/endpoint.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/samples.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

int64_t within(const plan::Action& action) {
  return action.within_ns > 0 ? action.within_ns : plan::default_within_ns;
}

ActTrigger trigger_of(const Result<Observation>& answer) {
  if (!answer) return ActTrigger::Blind;
  switch (answer->seen) {
    case Seen::Absent: return ActTrigger::SeenAbsent;
    case Seen::Underway: return ActTrigger::SeenUnderway;
    case Seen::Present: return ActTrigger::SeenPresent;
    case Seen::Failed: break;
  }
  return ActTrigger::SeenFailed;
}

// An attempt is over at once when the world shows that it came to nothing; waiting longer would not help.
bool came_to_nothing(ActPhase phase, ActTrigger seen) {
  if (phase == ActPhase::Checking)
    return seen == ActTrigger::SeenAbsent || seen == ActTrigger::SeenFailed;
  return phase == ActPhase::Waiting && seen == ActTrigger::SeenFailed;
}

// No further attempt can help. A rollback goes on for as long as it may: a configuration can be mended meanwhile.
bool settles(const OpError& error, StepRef ref) {
  return error.refused || (error.settled && !ref.undo);
}

// The act that this process knows, or a new one that begins by looking. What may be called only once, and may have
// been called by the process before this one, is waited for as if it had been.
ActMemory& act_of(const plan::Plan& plan, const State& state, Memory& memory, StepRef ref) {
  auto [found, is_new] = memory.acts.try_emplace(ref);
  ActMemory& act = found->second;
  if (!is_new) return act;
  act.called = action_of(plan, ref).once && state.at(ref).taken_over;
  ActTrigger begin = act.called ? ActTrigger::TakenOver : ActTrigger::Begin;
  act.phase = advance(act_rows, ActPhase::Pending, begin, memory.walked.act);
  return act;
}

/// It was called, or may have been, and is not idempotent: only a person may have it called again.
bool is_used_up(const plan::Plan& plan, const ActMemory& act, StepRef ref) {
  return act.called && action_of(plan, ref).once;
}

/// The actions that were set going and are not known to be complete.
std::vector<StepRef> in_flight(const plan::Plan& plan, const State& state) {
  std::vector<StepRef> out;
  for (uint32_t i : state.frontier.underway())
    if (state.phase == RunPhase::Running && state.steps[i].status == StepStatus::Begun &&
        plan.steps[i].kind == plan::StepKind::Act && !lies_in_failed(plan, state, i))
      out.push_back({i, false});
  for (uint32_t i = 0; i < state.undo.size(); ++i)
    if (state.undo[i].status == StepStatus::Begun) out.push_back({i, true});
  return out;
}

}  // namespace

/// Between two attempts; where actions are tried again, longer between two tries of all attempts.
int64_t Executor::pause_of(const State& state, StepRef ref) const {
  int made = state.at(ref).attempt - state.at(ref).first_attempt;
  bool retried = !ref.undo && is_retried(plan_, state, ref.step);
  if (made == 0 && retried) return 0;  // a person has just resumed it
  int attempts = retried ? std::max(1, plan_.steps[ref.step].action.attempts) : INT_MAX;
  if (retried && made % attempts == 0) return plan_.retry.every_ns;
  return spread(doubled(first_pause_ns, max_pause_ns, made % attempts - 1),
                key_of(state, ref, state.at(ref).attempt).text());
}

/// What comes next is the end of its attempt: it was not reached when the plan was made, or its time is over.
bool Executor::attempt_ends(const State& state, Memory& memory, StepRef ref, int64_t now) const {
  const plan::Action& action = action_of(plan_, ref);
  if (!plan_.services[action.service].unreached.empty()) return true;
  const ActMemory& act = act_of(plan_, state, memory, ref);
  return act.phase != ActPhase::Acting && act.polls > 0 && now >= state.at(ref).attempt_ns + within(action);
}

Command Executor::next_act(const State& state, Memory& memory, StepRef ref, int64_t now) const {
  const StepState& step = state.at(ref);
  if (step.status == StepStatus::Pausing) {
    int64_t until = step.ended_ns + pause_of(state, ref);
    if (now < until) return Wait{until};
    memory.acts[ref] = {advance(act_rows, ActPhase::Pausing, ActTrigger::Begin, memory.walked.act)};
    return Record{
        {journal::StepStarted{ref, step.attempt + 1, key_of(state, ref, step.attempt + 1).text()}}};
  }
  ActMemory& act = act_of(plan_, state, memory, ref);
  const std::string& unreached = plan_.services[action_of(plan_, ref).service].unreached;
  if (!unreached.empty()) {
    act.settled = true;
    return Record{attempt_over(state, memory, ref, "it was not reached when the plan was made: " + unreached, now)};
  }
  EffectKey key = key_of(state, ref, step.attempt);
  if (act.phase == ActPhase::Acting) return Act{ref, key};
  int64_t deadline = step.attempt_ns + within(action_of(plan_, ref));
  if (attempt_ends(state, memory, ref, now)) {
    std::string why = fmt::format("not complete in time: {}",
                                  act.detail.empty() ? "no effect was seen" : act.detail);
    return Record{attempt_over(state, memory, ref, why, now)};
  }
  std::optional<int64_t> alone = now < deadline ? left_alone_until(memory, ref, now) : std::nullopt;
  if (alone) return Wait{std::min(*alone, deadline)};
  if (now < act.next_look_ns)
    return Wait{act.polls > 0 ? std::min(act.next_look_ns, deadline) : act.next_look_ns};
  return Observe{ref, key};
}

// No new effect starts; what is in flight is looked at once more, so that the record is as true as it can be.
Command Executor::next_interrupted(const State& state, Memory& memory, int64_t now) const {
  if (state.interrupted) return Finish{true};
  Interrupt& interrupt = *memory.interrupted;
  for (StepRef ref : in_flight(plan_, state)) {
    // In phase Acting the last look found nothing, and nothing was called since. After an abort no step is done any
    // more: it is taken back, whatever it has done.
    bool settled = act_of(plan_, state, memory, ref).phase == ActPhase::Acting || (state.abort && !ref.undo);
    if (settled || now >= interrupt.at_ns + last_looks_ns) continue;
    if (interrupt.looked.insert(ref).second) return Observe{ref, key_of(state, ref, state.at(ref).attempt)};
  }
  return Record{{journal::Interrupted{interrupt.by, in_flight_text(state, memory)}}};
}

std::string Executor::in_flight_text(const State& state, const Memory& memory) const {
  std::string out;
  for (StepRef ref : in_flight(plan_, state)) {
    auto act = memory.acts.find(ref);
    bool known = act != memory.acts.end();
    if (known && act->second.phase == ActPhase::Acting) continue;
    out += fmt::format("{}`{}`", out.empty() ? "" : "; ", action_of(plan_, ref).text);
    if (known && !act->second.detail.empty()) out += fmt::format(": {}", act->second.detail);
  }
  return out;
}

Executor::Events Executor::on_observed(const State& state, Memory& memory, const Observed& input,
                                       int64_t now) const {
  StepRef ref = input.command.step;
  ActMemory& act = memory.acts[ref];
  ActTrigger seen = trigger_of(input.answer);
  act.blind = !input.answer;
  std::string detail = act.blind ? input.answer.error().message : input.answer->detail;
  if (act.blind && settles(input.answer.error(), ref)) {
    act.settled = true;
    return attempt_over(state, memory, ref, detail, now);
  }
  if (seen == ActTrigger::SeenAbsent && tries_again(state, memory, ref, now)) return {};
  if (came_to_nothing(act.phase, seen)) {
    // What the call itself said explains more than that nothing is to be seen.
    return attempt_over(state, memory, ref, act.phase == ActPhase::Checking ? act.detail : detail,
                        now);
  }
  if (act.phase != ActPhase::Checking || !act.blind) act.detail = detail;
  act.next_look_ns = now + doubled(first_look_ns, max_look_ns, act.polls++);
  bool adopted = act.phase == ActPhase::Looking || (state.at(ref).taken_over && is_used_up(plan_, act, ref));
  act.phase = advance(act_rows, act.phase, seen, memory.walked.act);
  if (act.phase != ActPhase::Done) return {};
  memory.acts.erase(ref);  // a run of many steps keeps none of those that are done
  return {journal::StepDone{ref, state.at(ref).attempt, adopted, std::move(detail)}};
}

/// A call that had no effect and may succeed later is made again within the time of its attempt, later each time: that
/// makes no bound longer, and a system that is away for less than that fails no run. A way back has attempts enough.
bool Executor::tries_again(const State& state, Memory& memory, StepRef ref, int64_t now) const {
  ActMemory& act = memory.acts[ref];
  bool may = act.may_succeed_later && !is_used_up(plan_, act, ref);
  if (ref.undo || act.phase != ActPhase::Checking || !may) return false;
  std::string of = fmt::format("{} {}", key_of(state, ref, state.at(ref).attempt).text(), act.repeats);
  Breaker& breaker = memory.breakers[endpoint_of(plan_, action_of(plan_, ref))];
  int64_t at = breaker.repeat_at(now + spread(doubled(first_pause_ns, max_pause_ns, act.repeats), of));
  if (at >= state.at(ref).attempt_ns + within(action_of(plan_, ref))) return false;
  breaker.take_repeat(at);
  ++act.repeats;
  act.next_look_ns = at;
  act.phase = advance(act_rows, act.phase, ActTrigger::TryAgain, memory.walked.act);
  return true;
}

Executor::Events Executor::on_acted(const State&, Memory& memory, const Acted& input,
                                    int64_t now) const {
  const OpError* error = input.answer ? nullptr : &input.answer.error();
  bool answered = error == nullptr || error->refused || error->settled;
  Events out;
  if (answered || error->retryable)
    out = note_call(memory, input.command.step, answered ? nullptr : error, input.took_ns, now);
  if (input.command.confirm) {
    for (auto& [hold, looks] : memory.holds) {
      auto asserting = looks.asserting.find(input.command.step);
      if (asserting == looks.asserting.end()) continue;
      asserting->second.phase = ActPhase::Waiting;
      asserting->second.next_look_ns = now;
      if (error != nullptr) asserting->second.detail = error->message;
    }
    return out;
  }
  ActMemory& act = memory.acts[input.command.step];
  act.phase = advance(act_rows, act.phase, input.answer ? ActTrigger::ActOk : ActTrigger::ActError,
                      memory.walked.act);
  act.polls = 0;
  act.next_look_ns = now;
  act.called = true;
  act.detail = error == nullptr ? "" : error->message;
  act.settled = error != nullptr && settles(*error, input.command.step);
  act.may_succeed_later = !answered && error->retryable;
  return out;
}

bool Executor::last_attempt(const State& state, const ActMemory& act, StepRef ref,
                            int64_t now) const {
  if (act.settled || is_used_up(plan_, act, ref)) return true;
  if (!ref.undo) {
    int64_t tries = is_retried(plan_, state, ref.step) ? plan_.retry.times + 1 : 1;
    const StepState& step = state.at(ref);
    return step.attempt - step.first_attempt >= action_of(plan_, ref).attempts * tries;
  }
  if (plan::is_hook_action(plan_, ref.step)) return state.at(ref).attempt >= action_of(plan_, ref).attempts;
  // A rollback is worth every attempt that its time allows.
  bool whole = state.phase == RunPhase::RollingBack;
  uint32_t scope = whole ? plan::none : state.at(ref).scope;
  int64_t bound = rollback_of(plan_, scope).within_ns;
  if (bound <= 0) bound = plan_.rollback.within_ns;
  if (bound <= 0) bound = default_rollback_ns;
  int64_t began_ns = scope == plan::none ? state.rollback_ns : state.scopes[scope].began_ns;
  return now >= began_ns + bound;
}

Executor::Events Executor::attempt_over(const State& state, Memory& memory, StepRef ref,
                                        const std::string& why, int64_t now) const {
  ActMemory& act = memory.acts[ref];
  bool last = last_attempt(state, act, ref, now);
  bool unknown = act.blind;
  // What this attempt did in another process is not known here; there `touched` says so.
  bool untouched = act.phase == ActPhase::Looking && !act.called;
  act.phase = advance(act_rows, act.phase, last ? ActTrigger::LastOver : ActTrigger::AttemptOver,
                      memory.walked.act);
  std::string detail = why;
  if (is_used_up(plan_, act, ref))
    detail += "; it is not idempotent, so it is not called again: see whether it took effect";
  return {journal::StepFailed{ref, state.at(ref).attempt, last, unknown, std::move(detail), untouched}};
}

}  // namespace rollout::exec
