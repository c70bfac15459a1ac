#include "runtime/exec/fold.h"

#include <algorithm>
#include <utility>

#include "runtime/exec/approval.h"
#include "runtime/exec/control.h"
#include "runtime/exec/moves.h"
#include "runtime/exec/samples.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

/// `begins`: what was shown before may be shown still.
void show(ServiceState& service, const plan::Action& action, bool begins) {
  auto take = [&](std::optional<int64_t> set, int64_t& part) {
    if (set) part = begins ? std::max(part, *set) : *set;
  };
  take(share_set_by(action), service.own_share_ppb);
  take(routed_by(action), service.routed_ppb);
  service.share_ppb = std::min(service.own_share_ppb + service.routed_ppb, eval::percent_all);
}

/// Whether `later` has set what `earlier` had set: done again, the earlier one would set it back.
bool overwrites(const plan::Action& later, const plan::Action& earlier) {
  return std::any_of(later.sets.begin(), later.sets.end(), [&](const plan::Setting& set) {
    return std::any_of(earlier.sets.begin(), earlier.sets.end(), [&](const plan::Setting& was) {
      return was.variable == set.variable && was.role == set.role;
    });
  });
}

// Share times time, exactly; both fit in 63 bits and their product does not.
int64_t full_traffic_ns(int64_t share_ppb, int64_t ns) {
  return int64_t(__int128(share_ppb) * ns / eval::percent_all);
}

void expose(State& state, int64_t ns) {
  for (ServiceState& service : state.services) {
    int64_t exposed = full_traffic_ns(service.share_ppb, std::max<int64_t>(ns, 0));
    service.exposure_ns += exposed;
    service.unseen_ns = service.share_ppb > 0 ? service.unseen_ns + exposed : 0;
  }
}

/// Whether the way back was gone to its end, which may be a commit.
bool all_undone(const State& state, const plan::Plan& plan) {
  std::vector<uint32_t> undo = plan::undo_list(plan, state.way);
  return std::all_of(undo.begin(), undo.end(),
                     [&](uint32_t index) { return state.undo[index].status == StepStatus::Done; });
}

/// Folds the events of one plan; what an event means for the life cycles is in the tables.
struct Folder {
  State& state;
  const plan::Plan& plan;
  int64_t now;

  void move(RunTrigger on) { state.phase = advance(run_rows, state.phase, on, state.walked.run); }
  void move(RollbackTrigger on) {
    state.rollback = advance(rollback_rows, state.rollback, on, state.walked.rollback);
  }

  void move(ScopeState& scope, RollbackTrigger on) {
    scope.rollback = advance(rollback_rows, scope.rollback, on, state.walked.rollback);
  }
  void operator()(const journal::RunStarted& e) {
    state.plan_hash = e.plan_hash;
    state.author = e.by.empty() ? e.holder.substr(0, e.holder.find('@')) : e.by;
    for (size_t i = 0; i < e.generations.size() && i < state.services.size(); ++i)
      state.services[i].generation = e.generations[i].number;
    state.unproven = e.unproven;
  }
  void operator()(const journal::Captured& e) {
    state.captured = e;
    for (size_t i = 0; i < plan.conditions.size(); ++i)
      if (plan.conditions[i].baseline != plan::none)
        state.conditions[i] = fresh_condition(plan, plan.conditions[i], state.captured);
  }
  void operator()(const journal::Resumed& e) {
    expose(state, e.downtime_ns);
    state.override_end_ns -= e.downtime_ns;
    if (e.why.empty()) take_over();
  }
  void take_over() {
    state.interrupted = false;
    state.closed.reset();
    state.away.clear();
    // Nobody knows what the process before this one had called when it ended.
    for (uint32_t i : state.frontier.underway()) take_over(state.steps[i]);
    for (StepState& undo : state.undo) take_over(undo);
    std::optional<journal::Parked> parked = std::exchange(state.parked, std::nullopt);
    if (!parked) return;
    if (parked->step.scope != plan::none) release_scopes();
    // What was tried again in vain has all of its attempts again, at once.
    const StepSet failed = state.frontier.failed();
    for (uint32_t i : failed)
      if (is_retried(plan, state, i)) {
        move_step(state, plan, {i, false}, StepTrigger::Retry);
        state.steps[i].first_attempt = state.steps[i].attempt;
      }
    // What ran out of time gets all of it again.
    for (auto& [step, hold] : state.holds) {
      if (waits_for_approval(plan, step)) hold.started_ns = now;
      for (auto& [gate, ask] : hold.asks) resume(ask);
    }
  }
  static void take_over(StepState& step) {
    step.taken_over = step.status == StepStatus::Begun;
    step.touched |= step.taken_over;
  }
  void resume(Ask& ask) {
    ask.since_ns = now;
    if (ask.phase == ApprovalPhase::Overdue) move_ask(state, ask, ApprovalTrigger::Resume);
  }
  /// A person has seen what failed: what could not go back tries again, the others go on without the rest.
  void release_scopes() {
    std::vector<uint32_t> failed = state.failed_scopes;
    for (uint32_t index : failed) {
      ScopeState& scope = state.scopes[index];
      if (plan::is_behind_checkpoint(plan, index) && scope.rollback == RollbackPhase::Complete) {
        begin_anew(state, plan, index);
        continue;
      }
      scope.released = true;
      if (scope.rollback != RollbackPhase::Stuck) continue;
      move(scope, RollbackTrigger::Begin);
      scope.ended = false;
      scope.began_ns = now;
      move_phases(state, plan, steps_of(plan.scopes[index]), PhaseTrigger::GoBack);
      for (uint32_t undo : plan::undo_list(plan, scope.way))
        if (state.undo[undo].status == StepStatus::Failed) move_step(state, plan, {undo, true}, StepTrigger::Retry);
    }
  }
  void operator()(const journal::StepStarted& e) {
    StepState& step = state.at(e.step);
    if (step.status == StepStatus::Pending) step.begun_ns = now;
    move_step(state, plan, e.step, StepTrigger::Begin);
    step.attempt = e.attempt;
    step.attempt_ns = now;
    step.taken_over = false;
    if (!e.step.undo) state.closed.reset();
    if (!e.step.undo && (state.furthest == plan::none || e.step.step > state.furthest))
      state.furthest = e.step.step;
    if (!e.step.undo && passes_at_once(plan.steps[e.step.step])) return;
    if (!e.step.undo && plan.steps[e.step.step].kind == plan::StepKind::Lock) return;
    if (!e.step.undo && plan.steps[e.step.step].kind != plan::StepKind::Act) {
      begin_hold(state, plan, e.step, now);
      if (waits_for_approval(plan, e.step)) state.holds[e.step].asks[plan::none].since_ns = now;
      return;
    }
    // From here on users may see more of the canary; they see less of it only once that was observed.
    const plan::Action& action = action_of(plan, e.step);
    show(state.services[action.service], action, true);
  }
  void operator()(const journal::StepDone& e) {
    StepState& step = state.at(e.step);
    move_step(state, plan, e.step, StepTrigger::End);
    step.ended_ns = now;
    step.detail = e.detail;
    end_hold(state, e.step);
    if (!e.step.undo && plan.steps[e.step.step].kind != plan::StepKind::Act) return;
    const plan::Action& action = action_of(plan, e.step);
    ServiceState& service = state.services[action.service];
    std::optional<int64_t> share = share_set_by(action), routed = routed_by(action);
    show(service, action, false);
    for (std::optional<StepRef>* set : {&service.router, &service.routes})
      if (*set && overwrites(action, action_of(plan, **set))) set->reset();
    if (share) service.router = e.step;
    if (routed) service.routes = e.step;
  }
  void operator()(const journal::StepFailed& e) {
    StepState& step = state.at(e.step);
    move_step(state, plan, e.step, e.last ? StepTrigger::LastOver : StepTrigger::AttemptOver);
    step.ended_ns = now;
    step.detail = e.detail;
    step.touched |= !e.untouched;
    if (e.last) end_hold(state, e.step);
  }
  void operator()(const journal::Reasserted& e) {
    StepState& step = state.at(e.step);
    step.attempt = e.attempt;
    step.attempt_ns = now;
    ++step.reassertions;
  }
  void operator()(const journal::Sampled& e) {
    fold_sample(state, plan, e, now);
    look_at(e);
  }
  /// Of a flag any sample with data tells: it belongs to no service.
  void look_at(const journal::Sampled& e) {
    for (const journal::TermReading& reading : e.readings) {
      if (reading.status != journal::ReadingStatus::Ok) continue;
      state.services[plan.signals[reading.term.signal].service].unseen_ns = 0;
      for (size_t i = 0; i < plan.services.size(); ++i)
        if (plan.services[i].subject != plan::Subject::Service) state.services[i].unseen_ns = 0;
    }
  }
  void operator()(const journal::LockTaken& e) { state.locks.at(e.lock) = true; }
  void operator()(const journal::LockReleased& e) { state.locks.at(e.lock) = false; }
  /// Behind a record that was cut off in the middle of a commit a gate is decided again.
  void decide(HoldState& hold, const journal::GateDecided& e) {
    GateTrigger on = trigger_of(e);
    if (row_of(gate_rows, hold.gates.at(e.gate).phase, on) < std::size(gate_rows)) move_gate(state, hold, e.gate, on);
  }
  void operator()(const journal::GateDecided& e) {
    auto hold = state.holds.find(e.hold);
    if (hold != state.holds.end()) decide(hold->second, e);
    if (!journal::is_check(e.hold)) return;
    bool passed = e.verdict == journal::Verdict::Pass || e.unproven;
    RollbackTrigger verified = passed ? RollbackTrigger::Verified : RollbackTrigger::NotVerified;
    end_hold(state, e.hold);
    if (e.hold.scope == plan::none) {
      move(verified);
      state.verify_detail = e.detail;
    } else {
      move(state.scopes[e.hold.scope], verified);
      state.scopes[e.hold.scope].verify_detail = e.detail;
    }
  }
  void operator()(const journal::WatchFired& e) { state.watches.at(e.watch).fired = true; }
  void operator()(const journal::AbortRequested& e) {
    state.last_request = std::max(state.last_request, e.request);
    if (!state.abort) state.abort = Abort{e.by, e.reason, e.replaced, e.rollback};
    if (state.phase == RunPhase::RollingBack) move(RunTrigger::Abort);
  }
  std::optional<journal::Paused>& latch(bool line) { return line ? state.line : state.paused; }
  void move(bool line, PauseTrigger on) {
    PausePhase now = latch(line) ? PausePhase::Paused : PausePhase::Moving;
    if (advance(pause_rows, now, on, state.walked.pause) == PausePhase::Moving) latch(line).reset();
  }
  void operator()(const journal::Paused& e) {
    state.last_request = std::max(state.last_request, e.request);
    move(e.line, PauseTrigger::Pause);
    latch(e.line) = e;
  }
  void operator()(const journal::Unpaused& e) {
    state.last_request = std::max(state.last_request, e.request);
    move(e.line, PauseTrigger::Lift);
    if (e.line) state.overridden.reset();
  }
  void operator()(const journal::EndpointAway& e) { state.away[e.endpoint] = {now, e.detail}; }
  void operator()(const journal::EndpointBack& e) { state.away.erase(e.endpoint); }
  void operator()(const journal::LineOverridden& e) {
    state.last_request = std::max(state.last_request, e.request);
    state.overridden = e;
    state.override_end_ns = now + std::max<int64_t>(0, e.until_wall_ns - state.wall_ns);
  }
  void operator()(const journal::OverrideEnded&) { state.overridden.reset(); }
  void operator()(const journal::RequestVoid& e) { state.last_request = std::max(state.last_request, e.request); }
  void operator()(const journal::Reopened& e) {
    move(RunTrigger::Reopen);
    state.ended.reset();
    state.abort = Abort{e.by, e.reason, false, true};
  }
  void operator()(const journal::Approved& e) {
    state.last_request = std::max(state.last_request, e.request);
    auto hold = state.holds.find(e.step);
    if (hold == state.holds.end()) return;
    for (auto& [gate, ask] : hold->second.asks) {
      const plan::Approval& approval = approval_of(plan, e.step, gate, ask);
      std::vector<std::string> members = members_now(plan, e.step, approval, ask, state.author);
      bool counts = std::count(members.begin(), members.end(), e.by) > 0 &&
                    std::count(ask.approved.begin(), ask.approved.end(), e.by) == 0;
      if (!counts || ask.phase == ApprovalPhase::Rejected) continue;
      ask.approved.push_back(e.by);
      bool is_last = is_open(ask) && int64_t(ask.approved.size()) >= approval.quorum;
      move_ask(state, ask, is_last ? ApprovalTrigger::LastYes : ApprovalTrigger::Yes);
    }
    unpark(e.step);
  }
  void unpark(StepRef step) {
    if (is_resting(state.holds.at(step))) return;
    if (state.parked && state.parked->step == step) state.parked.reset();
    name_parked();
  }
  /// Another step may still need a hand.
  void name_parked() {
    for (const auto& [other, hold] : state.holds)
      if (is_resting(hold) && !state.parked) state.parked = journal::Parked{other, state.steps[other.step].detail};
  }
  void operator()(const journal::Rejected& e) {
    state.last_request = std::max(state.last_request, e.request);
    auto hold = state.holds.find(e.step);
    if (hold == state.holds.end()) return;
    hold->second.rejected = e;
    for (auto& [gate, ask] : hold->second.asks)
      if (ask.phase != ApprovalPhase::Rejected) move_ask(state, ask, ApprovalTrigger::No);
    unpark(e.step);
  }
  void operator()(const journal::Parked& e) {
    if (!state.parked) state.parked = e;
    if (e.step.step == plan::none) return;  // a scope
    state.steps.at(e.step.step).detail = e.detail;
    auto hold = state.holds.find(e.step);
    if (hold == state.holds.end()) return;
    for (auto& [gate, ask] : hold->second.asks) {
      bool over = now - ask.since_ns >= approval_of(plan, e.step, gate, ask).timeout_ns;
      if (ask.phase == ApprovalPhase::Asked && over) move_ask(state, ask, ApprovalTrigger::TimeOver);
    }
  }
  void operator()(const journal::GateAsked& e) {
    HoldState& hold = state.holds.at(e.hold);
    bool against = e.verdict == journal::Verdict::Fail;
    move_gate(state, hold, e.gate, against ? GateTrigger::AskDespite : GateTrigger::Ask);
    // Asked before for want of evidence: that question is over.
    if (auto before = hold.asks.find(e.gate); before != hold.asks.end() && is_open(before->second))
      move_ask(state, before->second, ApprovalTrigger::Drop);
    hold.asks[e.gate] = Ask{ApprovalPhase::Asked, now, {}, false, e};
  }
  void operator()(const journal::Escalated& e) {
    Ask& ask = state.holds.at(e.step).asks.at(e.gate);
    move_ask(state, ask, ApprovalTrigger::Escalate);
    ask.escalated = true;
  }
  void operator()(const journal::Notified& e) {
    std::erase_if(state.outbox, [&](const Message& message) { return message.id == e.message; });
  }
  void operator()(const journal::Interrupted&) { state.interrupted = true; }
  void operator()(const journal::RollbackStarted& e) {
    move(journal::by_hand(e.cause) ? RunTrigger::Abort : RunTrigger::Stop);
    move(RollbackTrigger::Begin);
    for (bool line : {false, true})
      if (latch(line)) move(line, PauseTrigger::GoBack);
    state.overridden.reset();
    state.cause = e.cause;
    state.cause_detail = e.detail;
    move_phases(state, plan, steps_to_take_back(plan, state), PhaseTrigger::GoBack);
    state.way = plan::way_back(plan, open_steps(plan, state));
    state.rollback_ns = now;
    state.parked.reset();
    end_holds(state, [](StepRef) { return true; });
    state.closed.reset();
  }
  void operator()(const journal::RollbackWithheld& e) {
    move(RollbackTrigger::Withhold);
    state.cause = e.cause;
    state.cause_detail = e.detail;
    state.closed.reset();
    // Nobody is asked any more whether it goes on: it does not. Parts that go back alone end that with their check.
    end_holds(state, [](StepRef step) { return !step.undo; });
  }
  void operator()(const journal::ScopeRollbackStarted& e) {
    ScopeState& scope = state.scopes.at(e.scope);
    move(scope, RollbackTrigger::Begin);
    // From here on it stands for those in it.
    std::erase_if(state.failed_scopes, [&](uint32_t inner) { return plan::lies_in(plan, inner, e.scope); });
    state.failed_scopes.push_back(e.scope);
    scope.cause = e.cause;
    scope.cause_detail = e.detail;
    scope.began_ns = now;
    scope.way = plan::way_back_of(plan, open_steps(plan, state), e.scope);
    for (uint32_t undo : plan::undo_list(plan, scope.way)) state.undo[undo].scope = e.scope;
    end_holds(state, [&](StepRef step) {
      return !step.undo && plan::lies_in(plan, state.scope_of[step.step], e.scope);
    });
    move_phases(state, plan, steps_of(plan.scopes[e.scope]), PhaseTrigger::GoBack);
    if (state.parked && state.parked->step.step != plan::none && lies_in_failed(plan, state, state.parked->step.step))
      state.parked.reset();
    name_parked();
  }
  void operator()(const journal::ScopeVerifyStarted& e) {
    move(state.scopes.at(e.scope), RollbackTrigger::UndoneToVerify);
    for (uint32_t condition : plan.gates.at(e.gate).conditions)
      state.conditions[condition] = fresh_condition(plan, plan.conditions[condition], state.captured);
    begin_hold(state, plan, {plan::none, true, e.scope}, now);
  }
  void operator()(const journal::ScopeEnded& e) {
    ScopeState& scope = state.scopes.at(e.scope);
    if (scope.rollback == RollbackPhase::Undoing)
      move(scope, e.restored ? RollbackTrigger::Undone : RollbackTrigger::UndoFailed);
    bool restored = scope.rollback == RollbackPhase::Complete;
    move_phases(state, plan, steps_of(plan.scopes[e.scope]),
                restored ? PhaseTrigger::Restored : PhaseTrigger::CannotRestore);
    scope.ended = true;
    scope.detail = e.detail;
  }
  void end_phases(const journal::RunEnded& e) {
    StepRange all{0, uint32_t(plan.steps.size())};
    if (e.outcome == journal::Outcome::Succeeded) return;
    if (e.left_behind) return move_phases(state, plan, all, PhaseTrigger::RunOver);
    bool restored = state.rollback == RollbackPhase::Complete;
    move_phases(state, plan, all, restored ? PhaseTrigger::Restored : PhaseTrigger::CannotRestore);
  }
  void operator()(const journal::CalendarClosed& e) { state.closed = e; }
  void operator()(const journal::VerifyStarted&) {
    move(RollbackTrigger::UndoneToVerify);
    state.verify_ns = now;
    for (size_t i = 0; i < plan.conditions.size(); ++i)
      state.conditions[i] = fresh_condition(plan, plan.conditions[i], state.captured);
    begin_hold(state, plan, journal::verification, now);
  }
  void operator()(const journal::RunEnded& e) {
    switch (e.outcome) {
      case journal::Outcome::Succeeded: move(RunTrigger::AllDone); break;
      case journal::Outcome::RolledBack:
        if (state.rollback == RollbackPhase::Undoing) move(RollbackTrigger::Undone);
        move(RunTrigger::Restored);
        break;
      case journal::Outcome::Parked:
        if (state.rollback == RollbackPhase::Undoing)
          move(all_undone(state, plan) ? RollbackTrigger::Undone : RollbackTrigger::UndoFailed);
        move(e.left_behind ? RunTrigger::LeftBehind : RunTrigger::CannotRestore);
        break;
    }
    end_phases(e);
    state.ended = e;
    end_holds(state, [](StepRef) { return true; });
    state.locks.assign(state.locks.size(), false);
  }
};

}  // namespace

const plan::Action& action_of(const plan::Plan& plan, StepRef ref) {
  return ref.undo ? plan.undo.at(ref.step) : plan.steps.at(ref.step).action;
}

std::optional<int64_t> share_set_by(const plan::Action& action) {
  for (const plan::Setting& setting : action.sets)
    if ((setting.variable == plan::Variable::Share && setting.role == plan::Role::Canary) ||
        setting.variable == plan::Variable::Flag)
      return setting.value.number;
  return std::nullopt;
}

std::optional<int64_t> routed_by(const plan::Action& action) {
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Routed) return setting.value.number;
  return std::nullopt;
}

bool passes_at_once(const plan::Step& step) {
  switch (step.kind) {
    case plan::StepKind::Commit:
    case plan::StepKind::Notify:
    case plan::StepKind::Checkpoint:
    case plan::StepKind::Unlock: return true;
    case plan::StepKind::Act:
    case plan::StepKind::Hold:
    case plan::StepKind::Approval:
    case plan::StepKind::Preflight:
    case plan::StepKind::Lock: break;
  }
  return false;
}

std::vector<bool> begun_steps(const State& state) {
  std::vector<bool> begun;
  for (const StepState& step : state.steps) begun.push_back(step.status != StepStatus::Pending);
  return begun;
}

bool was_never_reached(const plan::Plan& plan, const State& state, uint32_t step) {
  const StepState& of = state.steps[step];
  bool over = of.status == StepStatus::Pausing || of.status == StepStatus::Failed;
  return over && !of.touched && plan.steps[step].kind == plan::StepKind::Act;
}

std::vector<bool> open_steps(const plan::Plan& plan, const State& state) {
  std::vector<bool> open = begun_steps(state);
  for (uint32_t i = 0; i < plan.steps.size(); ++i) open[i] = open[i] && !was_never_reached(plan, state, i);
  for (uint32_t scope = 0; scope < plan.scopes.size(); ++scope) {
    if (state.scopes[scope].rollback != RollbackPhase::Complete) continue;
    const plan::UndoScope& of = plan.scopes[scope];
    std::fill(open.begin() + of.first_step, open.begin() + of.last_step + 1, false);
  }
  return open;
}

uint32_t commit_passed(const plan::Plan& plan, const State& state) {
  return plan::commit_passed(plan, begun_steps(state));
}

State initial_state(const plan::Plan& plan) {
  State state;
  state.steps.resize(plan.steps.size());
  state.frontier = Frontier(plan.steps);
  state.undo.resize(plan.undo.size());
  state.phases.resize(plan.phases.size());
  for (const plan::Step& step : plan.steps)
    if (step.phase != plan::none) ++state.phases[step.phase].open;
  state.watches.resize(plan.watches.size());
  state.services.resize(plan.services.size());
  state.scopes.resize(plan.scopes.size());
  state.locks.resize(plan.locks.size());
  state.scope_of = plan::scopes_of_steps(plan);
  for (const plan::Condition& condition : plan.conditions)
    state.conditions.push_back(fresh_condition(plan, condition, state.captured));
  return state;
}

void fold(State& state, const plan::Plan& plan, const journal::Event& event) {
  // Time passes at the shares that were set before the event.
  if (!state.ended) expose(state, event.run_ns - state.run_ns);
  state.run_ns = std::max(state.run_ns, event.run_ns);
  state.wall_ns = event.wall_ns;
  std::visit(Folder{state, plan, event.run_ns}, event.what);
  for (Message& message : messages_of(plan, event, state.events)) state.outbox.push_back(std::move(message));
  ++state.events;
}

State fold_all(const plan::Plan& plan, const std::vector<journal::Event>& events) {
  State state = initial_state(plan);
  for (const journal::Event& event : events) fold(state, plan, event);
  return state;
}

}  // namespace rollout::exec
