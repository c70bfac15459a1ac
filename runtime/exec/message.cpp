#include "runtime/exec/message.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "runtime/exec/approval.h"
#include "runtime/journal/words.h"

namespace rollout::exec {

namespace {

constexpr std::array<std::string_view, 13> names = {
    "note",      "started",     "waiting",            "escalated",         "rolling_back", "parked",
    "succeeded", "rolled_back", "scope_rolling_back", "scope_rolled_back", "scope_stuck",
    "paused",    "unpaused"};

std::string list_text(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::string in_phase(const plan::Plan& plan, journal::StepRef step) {
  bool is_step = !step.undo && step.step != plan::none;
  uint32_t phase = is_step ? plan.steps.at(step.step).phase : plan::none;
  return phase == plan::none ? "" : fmt::format(" in phase {}", plan.phases[phase].name);
}

/// Gathers the messages of one event.
struct Teller {
  const plan::Plan& plan;
  const journal::Event& event;
  int64_t number;
  std::vector<Message> out = {};

  void tell(uint32_t channel, Transition transition, const std::string& text, bool answer = false) {
    if (channel == plan::none) return;
    std::string id = fmt::format("{}/{}", number, plan.channels[channel].team);
    bool told = std::any_of(out.begin(), out.end(), [&](const Message& one) { return one.channel == channel; });
    if (!told) out.push_back({std::move(id), channel, transition, text, answer, event.wall_ns});
  }
  void tell_all(const std::vector<uint32_t>& channels, Transition transition, const std::string& text) {
    for (uint32_t channel : channels) tell(channel, transition, text);
  }
  void ask(const plan::Approval& approval, const std::string& text) {
    std::string whole = fmt::format("{} ({})", text, list_text(approval.members));
    tell(approval.channel, Transition::Waiting, whole, true);
    tell_all(plan.told, Transition::Waiting, whole);
  }

  void operator()(const journal::RunStarted&) {
    std::vector<std::string> services;
    for (const plan::Service& service : plan.services) services.push_back(plan::service_text(service));
    tell_all(plan.told, Transition::Started, fmt::format("begins, on {}", list_text(services)));
  }
  void operator()(const journal::StepStarted& e) {
    if (e.step.undo) return;
    const plan::Step& step = plan.steps.at(e.step.step);
    if (step.kind == plan::StepKind::Notify) tell(step.channel, Transition::Note, step.message);
    if (step.kind == plan::StepKind::Approval)
      ask(plan.approvals[step.approval],
          fmt::format("waits{} for approval by {}", in_phase(plan, e.step),
                      plan::approval_text(plan.approvals[step.approval])));
  }
  void operator()(const journal::GateAsked& e) {
    const plan::Gate& gate = plan.gates.at(e.gate);
    const plan::Approval& approval = plan.approvals[response_to(gate, e.verdict, e.reason).approval];
    std::string_view found = e.verdict == journal::Verdict::Fail ? "failed" : "has no evidence";
    ask(approval, fmt::format("waits{} for approval by {}: gate {} {}: {}", in_phase(plan, e.hold),
                              plan::approval_text(approval), gate.text, found, e.detail));
  }
  void operator()(const journal::Escalated& e) {
    // Of a gate, whichever of its questions calls in others: it is asked one at a time.
    const plan::Approval* approval = nullptr;
    if (e.gate == plan::none) approval = &plan.approvals[plan.steps.at(e.step.step).approval];
    else
      for (const plan::Response* response : {&plan.gates[e.gate].fail, &plan.gates[e.gate].no_data,
                                             &plan.gates[e.gate].undecided, &plan.gates[e.gate].error})
        if (response->then == plan::Fallback::Ask && plan.approvals[response->approval].escalation)
          approval = &plan.approvals[response->approval];
    if (approval == nullptr || !approval->escalation) return;
    const plan::Escalation& more = *approval->escalation;
    std::string text = fmt::format(
        "waits{} for approval, and {} has not answered for {}: now {} may answer as well ({})", in_phase(plan, e.step),
        approval->team, eval::duration_text(more.after_ns), more.team, list_text(more.members));
    tell(more.channel, Transition::Escalated, text, true);
    tell_all(plan.told, Transition::Escalated, text);
  }
  void operator()(const journal::Parked& e) {
    std::string text = fmt::format("is parked{} and needs a hand: {}", in_phase(plan, e.step), e.detail);
    bool is_step = e.step.step != plan::none;
    uint32_t approval = is_step ? plan.steps.at(e.step.step).approval : plan::none;
    if (approval != plan::none) tell(plan.approvals[approval].channel, Transition::Parked, text, true);
    tell_all(plan.told, Transition::Parked, text);
    // The whole run: those who wait for its rollback learn that there is none.
    if (e.step == journal::StepRef{}) tell_all(plan.rollback.told, Transition::Parked, text);
  }
  void operator()(const journal::CalendarClosed& e) {
    if (e.park) tell_all(plan.told, Transition::Parked, fmt::format("is parked: {}", e.detail));
  }
  static std::string why(const std::string& reason) { return reason.empty() ? "" : fmt::format(": {}", reason); }
  void operator()(const journal::Paused& e) {
    std::string_view what = e.line ? "is paused, the line is stopped" : "is paused";
    tell_all(plan.told, Transition::Paused, fmt::format("{} by {}{}", what, e.by, why(e.reason)));
  }
  void operator()(const journal::Unpaused& e) {
    std::string_view what = e.line ? "the line is started" : "the pause is lifted";
    tell_all(plan.told, Transition::Unpaused, fmt::format("goes on, {} by {}{}", what, e.by, why(e.reason)));
  }
  void operator()(const journal::RequestVoid&) {}
  void operator()(const journal::EndpointAway&) {}
  void operator()(const journal::EndpointBack&) {}
  void operator()(const journal::LineOverridden& e) {
    tell_all(plan.told, Transition::Unpaused,
             fmt::format("goes on although the line is stopped, by {}{}", e.by, why(e.reason)));
  }
  void operator()(const journal::OverrideEnded&) {
    tell_all(plan.told, Transition::Paused, "is paused, the override of the stopped line is over");
  }
  void operator()(const journal::RollbackStarted& e) {
    std::string text = fmt::format("is rolling back: {}", e.detail);
    tell_all(plan.told, Transition::RollingBack, text);
    tell_all(plan.rollback.told, Transition::RollingBack, text);
    tell_hooks(e.cause);
  }
  /// Each of them is a message of its own, whatever else the team is told.
  void tell_hooks(journal::Cause cause) {
    int note_number = 0;
    for (const plan::Hook& hook : plan.hooks)
      for (const plan::Note& note : hook.notes) {
        ++note_number;
        if (hook.on_abort && !journal::by_hand(cause)) continue;
        std::string id = fmt::format("{}/{}/{}", number, plan.channels[note.channel].team, note_number);
        out.push_back({std::move(id), note.channel, Transition::Note, note.text, false, event.wall_ns});
      }
  }
  void tell_scope(uint32_t scope, Transition transition, const std::string& text) {
    tell_all(plan.told, transition, text);
    tell_all(plan.scopes.at(scope).rollback.told, transition, text);
  }
  void operator()(const journal::ScopeRollbackStarted& e) {
    tell_scope(e.scope, Transition::ScopeRollingBack,
               fmt::format("takes back {} alone: {}", plan::scope_text(plan, e.scope), e.detail));
  }
  void operator()(const journal::ScopeEnded& e) {
    std::string scope = plan::scope_text(plan, e.scope), left_out = plan::left_out_text(plan, e.scope);
    if (e.restored)
      tell_scope(e.scope, Transition::ScopeRolledBack,
                 fmt::format("has taken back {} alone; {}{}{}", scope, plan::follows_text(plan, e.scope),
                             left_out.empty() ? "" : "; ", left_out));
    else
      tell_scope(e.scope, Transition::ScopeStuck, fmt::format("could not take back {} alone: {}", scope, e.detail));
  }
  void operator()(const journal::RunEnded& e) {
    constexpr Transition ends[] = {Transition::Succeeded, Transition::RolledBack, Transition::Parked};
    constexpr std::string_view texts[] = {"succeeded", "was rolled back, completely", "is parked and needs a hand"};
    std::string why = e.detail.empty() ? "" : fmt::format(": {}", e.detail);
    std::string text = fmt::format("{}{}", texts[size_t(e.outcome)], why);
    tell_all(plan.told, ends[size_t(e.outcome)], text);
    // What stays behind is no rollback of the run.
    bool went_back = e.outcome != journal::Outcome::Succeeded && !e.left_behind;
    if (went_back) tell_all(plan.rollback.told, ends[size_t(e.outcome)], text);
  }
  /// Everything else is no transition.
  template <typename Other>
  void operator()(const Other&) {}
};

}  // namespace

std::string_view name_of(Transition transition) { return names[size_t(transition)]; }

std::vector<Message> messages_of(const plan::Plan& plan, const journal::Event& event, int64_t number) {
  if (plan.channels.empty()) return {};
  Teller teller{plan, event, number};
  std::visit(teller, event.what);
  return std::move(teller.out);
}

std::string message_text(const plan::Plan& plan, const Message& message, std::string_view run) {
  std::string text = message.transition == Transition::Note
                         ? message.text
                         : fmt::format("{} {} {}", plan.rollout, run, message.text);
  if (!message.answer) return text;
  return fmt::format("{0}. Answer: rollout approve {1} --as NAME, or rollout reject {1} --as NAME --reason TEXT", text,
                     run);
}

}  // namespace rollout::exec
