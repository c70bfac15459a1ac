#include "runtime/sim/invariants.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "runtime/journal/words.h"

namespace rollout::sim {

using journal::StepRef;

Invariants::Invariants(const plan::Plan& plan, const Scenario& scenario, SimWorld& world)
    : plan_(plan),
      scenario_(scenario),
      world_(world),
      promises_(plan),
      start_wall_ns_(start_of(plan, scenario)),
      scope_of_(plan::scopes_of_steps(plan)) {
  // The first event is there before anybody looks.
  for (uint32_t channel : plan.told) due_.insert(fmt::format("0/{}", plan.channels[channel].team));
}

void Invariants::violate(Rule rule, std::string text) {
  violations_.push_back({rule, fmt::format("{} at event {}: {}", name_of(rule), events_, text)});
}

void Invariants::on_event(const journal::Event& event) {
  ++events_;
  check_message(event);
  if (std::holds_alternative<journal::Notified>(event.what)) return;
  if (std::holds_alternative<journal::Reopened>(event.what)) {
    if (ends_ == 0 || ended_.outcome != journal::Outcome::Succeeded)
      violate(Rule::I13, "reopened, and had not succeeded");
    ends_ = 0;
    aborted_ = true;
    return;
  }
  if (ends_ > 0) violate(Rule::I10, "an event after the end of the run");
  check_heard(event);
  if (std::holds_alternative<journal::RequestVoid>(event.what)) return;
  check_promises();
  check_latch(event);
  check_open(event);
  check_paused(event);
  check_scope(event);
  check_held(event);
  check_captured(event);
  check_lock(event);
  if (const auto* e = std::get_if<journal::StepStarted>(&event.what)) check_started(*e);
  if (const auto* e = std::get_if<journal::Reasserted>(&event.what)) check_set_again(*e);
  if (const auto* e = std::get_if<journal::StepDone>(&event.what)) check_done(*e);
  if (const auto* e = std::get_if<journal::Sampled>(&event.what)) {
    check_sample(*e);
    last_sample_wall_ns_[e->hold] = event.wall_ns;
  }
  if (const auto* e = std::get_if<journal::GateDecided>(&event.what)) check_verdict(*e);
  if (const auto* e = std::get_if<journal::Approved>(&event.what)) check_answer(e->step, e->by);
  if (const auto* e = std::get_if<journal::GateAsked>(&event.what)) check_asked(*e);
  if (const auto* e = std::get_if<journal::Escalated>(&event.what))
    if (!escalated_.insert({e->step, e->gate}).second) violate(Rule::I10, "escalated twice");
  if (const auto* e = std::get_if<journal::StepFailed>(&event.what); e != nullptr && e->step.undo && e->last) {
    undo_failed_ |= !plan::is_hook_action(plan_, e->step.step);
    undo_over_.insert(e->step.step);
  }
  if (const auto* e = std::get_if<journal::Parked>(&event.what)) {
    parked_ = true;
    if (e->detail.empty()) violate(Rule::End, "parked without a word");
  }
  if (const auto* e = std::get_if<journal::Resumed>(&event.what); e != nullptr && e->why.empty()) {
    // The check of a scope that could not go back is made anew.
    if (parked_) std::erase_if(decided_, [](const auto& decided) { return journal::is_check(decided.first); });
    if (parked_)
      for (uint32_t scope : std::set<uint32_t>(restored_))
        if (plan::is_behind_checkpoint(plan_, scope)) begin_anew(scope);
    parked_ = false;
  }
  if (std::holds_alternative<journal::AbortRequested>(event.what)) aborted_ = true;
  if (std::holds_alternative<journal::RollbackStarted>(event.what) && ++rollbacks_ > 1)
    violate(Rule::I13, "a second rollback");
  if (const auto* e = std::get_if<journal::RunEnded>(&event.what)) {
    ++ends_;
    ended_ = *e;
  }
}

// I18: what was proven of all states is so in this one. No proof speaks of a way back whose actions fail for good.
void Invariants::check_promises() {
  if (undo_failed_) return;
  if (std::string broken = promises_.broken(world_); !broken.empty()) violate(Rule::I18, std::move(broken));
}

// I10: what becomes of the run is told to each team once, and nothing else is.
void Invariants::check_message(const journal::Event& event) {
  auto must_tell = [&](const std::vector<uint32_t>& channels) {
    for (uint32_t channel : channels) due_.insert(fmt::format("{}/{}", events_, plan_.channels[channel].team));
  };
  const auto* ended = std::get_if<journal::RunEnded>(&event.what);
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  bool goes_back = std::holds_alternative<journal::RollbackStarted>(event.what) ||
                   (ended != nullptr && ended->outcome != journal::Outcome::Succeeded && !ended->left_behind);
  bool asks = std::holds_alternative<journal::GateAsked>(event.what) ||
              std::holds_alternative<journal::Escalated>(event.what);
  if (started != nullptr && !started->step.undo) {
    const plan::Step& step = plan_.steps[started->step.step];
    if (step.kind == plan::StepKind::Notify) must_tell({step.channel});
    if (step.kind == plan::StepKind::Approval && plan_.approvals[step.approval].channel != plan::none)
      must_tell({plan_.approvals[step.approval].channel});
    asks |= step.kind == plan::StepKind::Approval;
  }
  bool transition = asks || goes_back || ended != nullptr || std::holds_alternative<journal::Parked>(event.what) ||
                    std::holds_alternative<journal::Paused>(event.what) ||
                    std::holds_alternative<journal::Unpaused>(event.what) ||
                    std::holds_alternative<journal::LineOverridden>(event.what) ||
                    std::holds_alternative<journal::OverrideEnded>(event.what);
  if (transition) must_tell(plan_.told);
  const auto* parked = std::get_if<journal::Parked>(&event.what);
  if (goes_back || (parked != nullptr && parked->step == StepRef{})) must_tell(plan_.rollback.told);
  if (const auto* e = std::get_if<journal::RollbackStarted>(&event.what)) must_tell_hooks(e->cause);
  auto must_tell_scope = [&](uint32_t scope) {
    must_tell(plan_.told);
    must_tell(plan_.scopes.at(scope).rollback.told);
  };
  if (const auto* e = std::get_if<journal::ScopeRollbackStarted>(&event.what)) must_tell_scope(e->scope);
  if (const auto* e = std::get_if<journal::ScopeEnded>(&event.what)) must_tell_scope(e->scope);
  const auto* told = std::get_if<journal::Notified>(&event.what);
  if (told == nullptr) return;
  if (!told_.insert(told->message).second) violate(Rule::I10, fmt::format("message {} ended twice", told->message));
  if (!told->delivered && told->detail.empty()) violate(Rule::I10, "a message was not sent, and nothing says why");
}

void Invariants::must_tell_hooks(journal::Cause cause) {
  int number = 0;
  for (const plan::Hook& hook : plan_.hooks)
    for (const plan::Note& note : hook.notes) {
      ++number;
      if (!hook.on_abort || journal::by_hand(cause))
        due_.insert(fmt::format("{}/{}/{}", events_, plan_.channels[note.channel].team, number));
    }
  by_abort_ = journal::by_hand(cause);
}

// I9: nothing that the file does beside the way back stands in it, or happens for another cause.
void Invariants::check_hook_action(uint32_t undo) {
  const plan::Action& action = plan_.undo[undo];
  for (const StepRef& ref : started_)
    if (ref.undo && !plan::is_hook_action(plan_, ref.step) && done_.count(ref) == 0 && undo_over_.count(ref.step) == 0)
      violate(Rule::I9, fmt::format("`{}` began before everything had gone back", action.text));
  bool called_for = std::any_of(plan_.hooks.begin(), plan_.hooks.end(), [&](const plan::Hook& hook) {
    return (!hook.on_abort || by_abort_) &&
           std::find(hook.actions.begin(), hook.actions.end(), undo) != hook.actions.end();
  });
  if (rollbacks_ == 0 || !called_for) violate(Rule::I14, fmt::format("`{}` is for another end", action.text));
  world_.leave(action.service);
}

// I13: a scope fails once, ends once, and nothing of it begins any more; its rollback starts no other one.
void Invariants::check_scope(const journal::Event& event) {
  if (const auto* e = std::get_if<journal::ScopeRollbackStarted>(&event.what)) {
    if (rollbacks_ > 0) violate(Rule::I13, "a scope goes back after the rollback of the run");
    if (!failed_.insert(e->scope).second) violate(Rule::I13, fmt::format("scope {} failed twice", e->scope));
    if (e->detail.empty()) violate(Rule::End, "a scope failed without a word");
  }
  const auto* e = std::get_if<journal::ScopeEnded>(&event.what);
  if (e == nullptr) return;
  if (failed_.count(e->scope) == 0) violate(Rule::I13, fmt::format("scope {} ended and had not failed", e->scope));
  if (e->restored && !restored_.insert(e->scope).second)
    violate(Rule::I10, fmt::format("scope {} ended twice", e->scope));
  bool reset = std::any_of(scenario_.faults.begin(), scenario_.faults.end(),
                           [](const Fault& fault) { return fault.kind == FaultKind::RouterReset; });
  if (reset || !e->restored || !plan::is_behind_checkpoint(plan_, e->scope)) return;
  if (std::string difference = world_.difference_from_checkpoint(); !difference.empty())
    violate(Rule::I14, "gone back to the checkpoint, but " + difference);
}

/// A person lets the run try again what stands behind its checkpoint: all of it may happen once more.
void Invariants::begin_anew(uint32_t scope) {
  std::erase_if(failed_, [&](uint32_t inner) { return plan::lies_in(plan_, inner, scope); });
  std::erase_if(restored_, [&](uint32_t inner) { return plan::lies_in(plan_, inner, scope); });
  auto again = [&](StepRef ref) { return ref.undo || plan::lies_in(plan_, scope_of_[ref.step], scope); };
  std::erase_if(done_, again);
  std::erase_if(started_, [&](StepRef ref) { return !ref.undo && again(ref); });
  std::erase_if(decided_, [&](const auto& one) { return again(one.first); });
  std::erase_if(approved_, [&](const auto& one) { return again(one.first); });
  std::erase_if(asked_, [&](const auto& one) { return again(one.first.first); });
  std::erase_if(escalated_, [&](const auto& one) { return again(one.first); });
}

bool Invariants::holds(const std::string& lock) const {
  return std::any_of(locks_.begin(), locks_.end(), [&](uint32_t held) { return plan_.locks[held].name == lock; });
}

// I7, I16: a lock is taken by one run at a time, and given back by the one that has it. What counts is the moment in
// which that is durable: a store that was away for a while has kept the event waiting.
void Invariants::check_lock(const journal::Event& event) {
  if (const auto* e = std::get_if<journal::LockTaken>(&event.what)) {
    if (holds(e->name)) violate(Rule::I16, fmt::format("lock {} is taken twice", e->name));
    for (const LockElsewhere& other : scenario_.locks)
      if (int64_t at = world_.now_ns(); other.name == e->name && at >= other.from_ns && at < other.until_ns)
        violate(Rule::I16, fmt::format("lock {} is taken while another run holds it", e->name));
    locks_.insert(e->lock);
  }
  if (const auto* e = std::get_if<journal::LockReleased>(&event.what))
    if (locks_.erase(e->lock) == 0) violate(Rule::I7, fmt::format("lock {} is given back and was not held", e->name));
}

// I16: nothing in the part that a lock guards happens without it.
void Invariants::check_locked(uint32_t step) {
  for (const plan::Lock& lock : plan_.locks)
    if (lock.first_step < step && step < lock.last_step && !holds(lock.name))
      violate(Rule::I16, fmt::format("step {} began without the lock {}", step, lock.name));
}

void Invariants::check_locked_undo(const plan::Action& undo) {
  for (StepRef ref : started_) {
    if (ref.undo || plan_.steps[ref.step].kind != plan::StepKind::Act) continue;
    if (plan_.steps[ref.step].action.service != undo.service || is_restored(ref.step)) continue;
    if (commit_ != plan::none && ref.step < commit_) continue;
    if (rollbacks_ > 0 || is_failed(ref.step)) check_locked(ref.step);
  }
}

bool Invariants::is_failed(uint32_t step) const {
  for (uint32_t scope = scope_of_[step]; scope != plan::none; scope = plan_.scopes[scope].parent)
    if (failed_.count(scope) > 0) return true;
  return false;
}

/// It needs what has failed, so it never begins.
bool Invariants::is_skipped(uint32_t step) const {
  return std::any_of(failed_.begin(), failed_.end(),
                     [&](uint32_t scope) { return plan::needs(plan_, scope_of_[step], scope); });
}

bool Invariants::is_restored(uint32_t step) const {
  for (uint32_t scope = scope_of_[step]; scope != plan::none; scope = plan_.scopes[scope].parent)
    if (restored_.count(scope) > 0) return true;
  return false;
}

// I4: what is read once is read before anything begins, and whatever a run compares with stays.
void Invariants::check_captured(const journal::Event& event) {
  if (const auto* e = std::get_if<journal::Captured>(&event.what)) {
    if (captured_) violate(Rule::I4, "what is read once was read again");
    if (!started_.empty()) violate(Rule::I4, "what is read once was read after a step had begun");
    if (e->baselines.size() != plan_.baselines.size()) violate(Rule::I4, "not all baselines were read");
    captured_ = true;
  }
  const auto* step = std::get_if<journal::StepStarted>(&event.what);
  if (step != nullptr && !captured_ && plan::captures(plan_))
    violate(Rule::I4, fmt::format("step {} began before the baselines were read", step->step.step));
}

// I13: the way to a version that is held begins only where a person has asked for it, and until then nothing begins.
void Invariants::check_held(const journal::Event& event) {
  if (std::holds_alternative<journal::RollbackWithheld>(event.what)) {
    if (scenario_.held.empty()) violate(Rule::I13, "nothing is held, and the way back was not taken");
    if (withheld_ || rollbacks_ > 0) violate(Rule::I13, "a way back was withheld twice, or behind a rollback");
    withheld_ = true;
  }
  if (const auto* e = std::get_if<journal::RollbackStarted>(&event.what)) {
    back_by_hand_ = journal::by_hand(e->cause);
    withheld_ = false;
  }
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  if (started == nullptr) return;
  if (withheld_ && !started->step.undo && started->attempt == 1)
    violate(Rule::I13, fmt::format("step {} began while only a person may say how it goes on", started->step.step));
  if (!started->step.undo || back_by_hand_) return;
  uint32_t service = plan_.undo[started->step.step].service;
  bool held = std::find(scenario_.held.begin(), scenario_.held.end(), service) != scenario_.held.end();
  // A part alone may go back to what this run has brought.
  if (held && commit_ == plan::none && plan_.scopes.empty())
    violate(Rule::I13, fmt::format("`{}` leads back to a version that is held", plan_.undo[started->step.step].text));
}

// A calendar keeps forward steps from beginning, and nothing else.
void Invariants::check_open(const journal::Event& event) {
  const auto* closed = std::get_if<journal::CalendarClosed>(&event.what);
  closed_ = closed != nullptr && closed->park;
  if (closed != nullptr && rollbacks_ > 0) violate(Rule::Calendar, "a rollback waits for the calendar");
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  bool forward = started != nullptr && !started->step.undo && started->attempt == 1;
  if (!forward || !plan_.during || calendar::open_at(plan_.during->calendar, event.wall_ns)) return;
  violate(Rule::Calendar, fmt::format("step {} began while it is closed", started->step.step));
}

// I9: a pause keeps every forward step from beginning and every hold from passing; it keeps no way back waiting.
void Invariants::check_paused(const journal::Event& event) {
  const auto* paused = std::get_if<journal::Paused>(&event.what);
  const auto* lifted = std::get_if<journal::Unpaused>(&event.what);
  if (paused != nullptr || lifted != nullptr) {
    bool& latch = (paused != nullptr ? paused->line : lifted->line) ? line_stopped_ : paused_;
    if (latch == (paused != nullptr)) violate(Rule::I9, "a pause was recorded twice");
    if (rollbacks_ > 0 || aborted_) violate(Rule::I9, "a way back was paused");
    latch = paused != nullptr;
    if (lifted != nullptr && lifted->line) overridden_ = false;
  }
  if (const auto* e = std::get_if<journal::LineOverridden>(&event.what)) {
    if (!line_stopped_) violate(Rule::I9, "a line that is not stopped was overridden");
    overridden_ = true;
    override_end_ns_ = event.run_ns + e->until_wall_ns - event.wall_ns;
  }
  // The time that counts is that of the run and what passed without a driver; no clock on the wall.
  if (const auto* e = std::get_if<journal::Resumed>(&event.what)) override_end_ns_ -= e->downtime_ns;
  if (std::holds_alternative<journal::OverrideEnded>(event.what)) {
    if (!overridden_ || event.run_ns < override_end_ns_) violate(Rule::I9, "an override ended early");
    overridden_ = false;
  }
  if (std::holds_alternative<journal::RollbackStarted>(event.what)) paused_ = line_stopped_ = overridden_ = false;
  if (!paused_ && (!line_stopped_ || overridden_)) return;
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  if (started != nullptr && !started->step.undo && started->attempt == 1)
    violate(Rule::I9, fmt::format("step {} began while the run was paused", started->step.step));
  const auto* done = std::get_if<journal::StepDone>(&event.what);
  if (done != nullptr && !done->step.undo) {
    plan::StepKind kind = plan_.steps[done->step.step].kind;
    if (kind != plan::StepKind::Act && kind != plan::StepKind::Lock)
      violate(Rule::I9, fmt::format("step {} passed while the run was paused", done->step.step));
  }
  const auto* ended = std::get_if<journal::RunEnded>(&event.what);
  if (ended != nullptr && ended->outcome == journal::Outcome::Succeeded) violate(Rule::I9, "a paused run succeeded");
}

// I10: what somebody asked comes to something once, or to nothing.
void Invariants::check_heard(const journal::Event& event) {
  int64_t request = std::visit(
      [](const auto& e) -> int64_t {
        if constexpr (requires { e.request; }) return e.request;
        else return 0;
      },
      event.what);
  if (request != 0 && !heard_.insert(request).second)
    violate(Rule::I10, fmt::format("request {} was heard twice", request));
}

// I9: after an abort nothing goes on but the way back.
void Invariants::check_latch(const journal::Event& event) {
  if (!aborted_ || rollbacks_ > 0 || ends_ > 0) return;
  bool way_back = std::holds_alternative<journal::RollbackStarted>(event.what) ||
                  std::holds_alternative<journal::AbortRequested>(event.what) ||
                  std::holds_alternative<journal::Interrupted>(event.what) ||
                  std::holds_alternative<journal::Resumed>(event.what);
  // What a scope was taking back already, and was seen to be there.
  const auto* done = std::get_if<journal::StepDone>(&event.what);
  if (done && done->step.undo && started_.count(done->step) > 0) return;
  if (!way_back) violate(Rule::I9, fmt::format("{} after the abort", journal::name_of(event.what)));
}

void Invariants::check_started(const journal::StepStarted& e) {
  started_.insert(e.step);
  keys_.insert(e.key);
  if (e.step.undo && plan::is_hook_action(plan_, e.step.step)) return check_hook_action(e.step.step);
  if (e.step.undo) {
    check_locked_undo(plan_.undo[e.step.step]);
    return check_own(plan_.undo[e.step.step]);
  }
  if (plan_.steps[e.step.step].kind == plan::StepKind::Act) check_locked(e.step.step);
  const plan::Step& step = plan_.steps[e.step.step];
  if (step.kind == plan::StepKind::Act && step.action.reversibility == plan::Reversibility::Irreversible) {
    if (!committed_) violate(Rule::I14, fmt::format("`{}` began before a commit", step.text));
    world_.leave(step.action.service);
  }
  if (aborted_) violate(Rule::I9, fmt::format("step {} began after the abort", e.step.step));
  if (rollbacks_ > 0) violate(Rule::I13, fmt::format("step {} began after the rollback", e.step.step));
  if (is_failed(e.step.step)) violate(Rule::I13, fmt::format("step {} began in a scope that has failed", e.step.step));
  if (is_skipped(e.step.step)) violate(Rule::Order, fmt::format("step {} began without what it needs", e.step.step));
  for (uint32_t before : plan_.steps[e.step.step].after)
    if (done_.count({before, false}) == 0 && !is_restored(before) && !is_skipped(before))
      violate(Rule::Order, fmt::format("step {} began before step {} was done", e.step.step, before));
}

// I5: nothing but different members of the team pass an approval.
void Invariants::check_answer(const StepRef& step, const std::string& by) {
  bool counted = false;
  auto member = [&](uint32_t gate, uint32_t index) {
    const plan::Approval& approval = plan_.approvals.at(index);
    bool more = approval.escalation && escalated_.count({step, gate}) > 0 &&
                std::count(approval.escalation->members.begin(), approval.escalation->members.end(), by) > 0;
    return more || std::count(approval.members.begin(), approval.members.end(), by) > 0;
  };
  if (uint32_t approval = plan_.steps.at(step.step).approval; approval != plan::none && member(plan::none, approval)) {
    counted = true;
    approved_[step].insert(by);
  }
  for (auto& [key, asked] : asked_) {
    if (key.first != step || !member(key.second, response_of(asked.about).approval)) continue;
    counted = true;
    asked.approved.insert(by);
  }
  if (!counted || started_.count(step) == 0 || done_.count(step) > 0)
    violate(Rule::I5, fmt::format("an answer of {} to step {} was counted", by, step.step));
}

// People are asked about what the plan says, and about each of it once.
void Invariants::check_asked(const journal::GateAsked& e) {
  if (response_of(e).then != plan::Fallback::Ask)
    violate(Rule::I10, fmt::format("gate {} asked about what the plan decides", e.gate));
  auto [known, fresh] = asked_.try_emplace({e.hold, e.gate});
  bool worse = e.verdict == journal::Verdict::Fail && known->second.about.verdict != journal::Verdict::Fail;
  if (!fresh && !worse) violate(Rule::I10, fmt::format("gate {} asked the same twice", e.gate));
  known->second = {e, {}};
  if (e.detail.empty()) violate(Rule::I5, "people are asked without any evidence");
}

// I5: without evidence only what the plan lets pass, or enough people, pass a gate.
void Invariants::check_unproven(const journal::GateDecided& e) {
  auto asked = asked_.find({e.hold, e.gate});
  if (asked != asked_.end()) {
    const plan::Approval& approval = plan_.approvals.at(response_of(asked->second.about).approval);
    if (int64_t(asked->second.approved.size()) >= approval.quorum) return;
  }
  const plan::Gate& gate = plan_.gates[e.gate];
  const plan::Response& response = e.reason == journal::Reason::NoData  ? gate.no_data
                                   : e.reason == journal::Reason::Error ? gate.error
                                                                        : gate.undecided;
  if (e.verdict == journal::Verdict::Fail || response.then != plan::Fallback::PassUnproven)
    violate(Rule::I5, fmt::format("gate {} passed, and nobody said so", e.gate));
}

const plan::Response& Invariants::response_of(const journal::GateAsked& e) const {
  const plan::Gate& gate = plan_.gates.at(e.gate);
  if (e.verdict == journal::Verdict::Fail) return gate.fail;
  if (e.reason == journal::Reason::NoData) return gate.no_data;
  return e.reason == journal::Reason::Error ? gate.error : gate.undecided;
}

// I14: a rollback touches what a begun step of this run has set. What an undo states beside that (restoring the version
// also states the number of its instances) was never changed, so it must be what the world shows already.
void Invariants::check_own(const plan::Action& undo) {
  bool any = false;
  for (const plan::Setting& setting : undo.sets) {
    bool own = std::any_of(started_.begin(), started_.end(), [&](StepRef ref) {
      if (ref.undo || plan_.steps[ref.step].kind != plan::StepKind::Act) return false;
      const plan::Action& action = plan_.steps[ref.step].action;
      return action.service == undo.service &&
             std::any_of(action.sets.begin(), action.sets.end(), [&](const plan::Setting& set) {
               return set.variable == setting.variable && set.role == setting.role;
             });
    });
    any |= own;
    if (!own && !world_.shows(undo.service, setting))
      violate(Rule::I14, fmt::format("`{}` changes what this run did not", undo.text));
  }
  if (!any) violate(Rule::I14, fmt::format("`{}` touches what this run did not", undo.text));
}

void Invariants::check_done(const journal::StepDone& e) {
  if (!done_.insert(e.step).second)
    violate(Rule::I10, fmt::format("step {} was done twice", e.step.step));
  if (!e.step.undo && plan_.steps[e.step.step].kind != plan::StepKind::Act) {
    if (plan_.steps[e.step.step].kind == plan::StepKind::Commit) {
      committed_ = true;
      commit_ = e.step.step;
      world_.pass_commit();
    }
    if (plan_.steps[e.step.step].kind == plan::StepKind::Checkpoint) world_.pass_checkpoint();
    uint32_t approval = plan_.steps[e.step.step].approval;
    if (approval != plan::none && int64_t(approved_[e.step].size()) < plan_.approvals[approval].quorum)
      violate(Rule::I5, fmt::format("step {} passed without enough approvals", e.step.step));
    return;
  }
  const plan::Action& action = exec::action_of(plan_, e.step);
  if (steady() && !world_.shows(action))
    violate(Rule::Lost, fmt::format("`{}` is recorded as done and is not there", action.text));
  for (const plan::Setting& setting : action.sets)
    set_by_[{action.service, setting.variable, setting.role}] = e.step;
  std::optional<int64_t> share = exec::share_set_by(action), routed = exec::routed_by(action);
  if (!share && !routed) return;
  Asserted& asserted = asserted_[action.service];
  if (share) asserted.share_ppb = *share, asserted.control_ppb = 0;
  if (routed) asserted.routed_ppb = *routed;
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Share && setting.role == plan::Role::Control)
      asserted.control_ppb = setting.value.number;
}

// Whatever was set since stays.
void Invariants::check_set_again(const journal::Reasserted& e) {
  keys_.insert(e.key);
  const plan::Action& action = exec::action_of(plan_, e.step);
  for (const plan::Setting& setting : action.sets)
    if (auto last = set_by_.find({action.service, setting.variable, setting.role});
        last != set_by_.end() && last->second != e.step)
      return violate(Rule::Lost, fmt::format("`{}` is set again, and `{}` has changed it since", action.text,
                                             exec::action_of(plan_, last->second).text));
}

/// Nothing but this run changes what a router does.
bool Invariants::steady() const {
  return std::none_of(scenario_.faults.begin(), scenario_.faults.end(),
                      [](const Fault& fault) { return fault.kind == FaultKind::RouterReset; });
}

// I11: who is judged by its requests gets some.
void Invariants::check_subject(const journal::TermReading& reading) {
  uint32_t service = plan_.signals[reading.term.signal].service;
  Split split = world_.split(service);
  bool canary = reading.term.role == plan::Role::Canary && split.canary_ppb == 0 && split.mirrored_ppb == 0;
  bool control = reading.term.role == plan::Role::Control && split.control_ppb == 0;
  if (reading.total > 0 && (canary || control) && steady())
    violate(Rule::I11, fmt::format("the {} is judged without traffic", plan::role_text(reading.term.role)));
}

// I4: a sample that counts covers only time in which the traffic was as this run last set it.
void Invariants::check_sample(const journal::Sampled& e) {
  auto ok = [](const journal::TermReading& reading) {
    return reading.status == journal::ReadingStatus::Ok;
  };
  auto with_data = [&](const plan::Term& term) {
    return std::any_of(e.readings.begin(), e.readings.end(),
                       [&](const journal::TermReading& reading) {
                         return ok(reading) && reading.term.signal == term.signal &&
                                reading.term.role == term.role;
                       });
  };
  if (e.prime || std::none_of(e.readings.begin(), e.readings.end(), ok)) return;
  for (const journal::TermReading& reading : e.readings)
    if (ok(reading)) check_subject(reading);
  for (const auto& [service, share] : asserted_) {
    auto of_service = [&, service = service](const journal::TermReading& reading) {
      return plan_.signals[reading.term.signal].service == service;
    };
    bool read = std::any_of(e.readings.begin(), e.readings.end(), of_service);
    if (!read) continue;  // a branch beside this one
    Split now = world_.split(service);
    int64_t shown = std::min(share.share_ppb + share.routed_ppb, eval::percent_all);
    // The control has no more than the canary leaves.
    int64_t control = std::min(share.control_ppb, eval::percent_all - shown);
    if (now.canary_ppb != shown || now.control_ppb != control)
      violate(Rule::I4, "a sample counts while traffic is not as asserted");
    if (world_.last_change_ns(service) + start_wall_ns_ > last_sample_wall_ns_[e.hold])
      violate(Rule::I4, "a sample counts time before the last change");
  }
  for (uint32_t i = 0; i < plan_.conditions.size(); ++i) {
    const plan::Condition& condition = plan_.conditions[i];
    if (with_data(condition.left) && (!condition.right || with_data(*condition.right)))
      data_.insert({e.hold, i});
  }
}

void Invariants::check_verdict(const journal::GateDecided& e) {
  if (!decided_.insert({e.hold, e.gate}).second)
    violate(Rule::I10, fmt::format("gate {} was decided twice", e.gate));
  if (e.unproven) check_unproven(e);
  if (e.verdict != journal::Verdict::Pass) return;
  for (uint32_t condition : plan_.gates[e.gate].conditions)
    if (data_.count({e.hold, condition}) == 0)
      violate(Rule::I5, fmt::format("gate {} passed without evidence", e.gate));
}

void Invariants::at_end() {
  for (const std::string& message : due_)
    if (told_.count(message) == 0 && (ends_ > 0 || parked_))
      violate(Rule::I10, fmt::format("message {} was lost", message));
  if (ends_ == 0 && (parked_ || closed_)) return;
  if (ends_ != 1) return violate(Rule::End, fmt::format("the run ended {} times", ends_));
  if (std::string fault = world_.fault_left(); !fault.empty() && !undo_failed_)
    violate(Rule::I7, fault + " stays behind");
  switch (ended_.outcome) {
    case journal::Outcome::Succeeded:
      if (aborted_) violate(Rule::I9, "an aborted run succeeded");
      if (!failed_.empty()) violate(Rule::End, "succeeded, and a scope has failed");
      if (std::string control = world_.control_left(); !control.empty()) violate(Rule::I7, control + " stays behind");
      if (std::string difference = world_.difference_from_goal({}); !difference.empty())
        violate(Rule::End, "succeeded, but " + difference);
      break;
    case journal::Outcome::RolledBack:
      if (committed_) violate(Rule::I14, "rolled back completely behind a commit");
      if (std::string difference = world_.difference_from_start(); !difference.empty())
        violate(Rule::End, "rolled back, but " + difference);
      break;
    case journal::Outcome::Parked:
      if (ended_.detail.empty()) violate(Rule::End, "parked without a word");
      if (ended_.left_behind) {
        std::vector<bool> behind(plan_.steps.size());
        for (uint32_t i = 0; i < plan_.steps.size(); ++i) behind[i] = is_restored(i) || is_skipped(i);
        if (failed_ != restored_) violate(Rule::End, "all is done, and a scope has not gone back");
        if (aborted_) violate(Rule::I9, "an aborted run went on to its end");
        if (std::string difference = world_.difference_from_goal(behind); !difference.empty())
          violate(Rule::End, "done but for what stayed behind, but " + difference);
        break;
      }
      if (!committed_ || undo_failed_) break;
      if (std::string difference = world_.difference_from_start(); !difference.empty())
        violate(Rule::End, "gone back to the commit, but " + difference);
      break;
  }
}

}  // namespace rollout::sim
