// What people are asked, and what follows from their answers. An approval is a hold without gates, so watches, routers
// and instances are looked after as in every other hold; what a gate asks is asked while its hold goes on.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/asked.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/executor.h"

namespace rollout::exec {

namespace {

constexpr int64_t ns_per_minute = 60'000'000'000;

using journal::Cause;
using journal::GateDecided;
using journal::Reason;
using journal::Verdict;

std::string list_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_pass(const GateDecided& decided) { return decided.verdict == Verdict::Pass || decided.unproven; }

/// The verdict or its lack, which no person has turned into a pass.
GateDecided unchanged(const journal::GateAsked& about, const std::string& why) {
  return {about.hold, about.gate, about.verdict, about.reason, false, fmt::format("{}; {}", about.detail, why)};
}

}  // namespace

bool waits_for_approval(const plan::Plan& plan, StepRef step) {
  return !step.undo && plan.steps.at(step.step).kind == plan::StepKind::Approval;
}

bool waits_for_people(const plan::Plan& plan, const State& state, StepRef step) {
  auto hold = state.holds.find(step);
  if (hold == state.holds.end()) return false;
  const std::map<uint32_t, Ask>& asks = hold->second.asks;
  return waits_for_approval(plan, step) ||
         std::any_of(asks.begin(), asks.end(),
                     [](const auto& asked) { return asked.second.phase != ApprovalPhase::Approved; });
}

const plan::Response& response_to(const plan::Gate& gate, Verdict verdict, Reason reason) {
  if (verdict == Verdict::Fail) return gate.fail;
  switch (reason) {
    case Reason::NoData: return gate.no_data;
    case Reason::Error: return gate.error;
    case Reason::Undecided:
    case Reason::None: break;
  }
  return gate.undecided;
}

const plan::Approval& approval_of(const plan::Plan& plan, StepRef hold, uint32_t gate, const Ask& ask) {
  if (gate == plan::none) return plan.approvals.at(plan.steps.at(hold.step).approval);
  return plan.approvals.at(response_to(plan.gates.at(gate), ask.about->verdict, ask.about->reason).approval);
}

std::vector<std::string> members_now(const plan::Plan& plan, StepRef hold, const plan::Approval& approval,
                                     const Ask& ask, std::string_view author) {
  std::vector<std::string> members = approval.members;
  if (ask.escalated && approval.escalation)
    for (const std::string& member : approval.escalation->members)
      if (!among(members, member)) members.push_back(member);
  if (!author.empty() && plan::asks_others(plan, hold.step)) std::erase(members, author);
  return members;
}

std::vector<Question> open_questions(const plan::Plan& plan, const State& state) {
  std::vector<Question> open;
  if (state.phase != RunPhase::Running || state.abort) return open;
  for (const auto& [step, hold] : state.holds)
    for (const auto& [gate, ask] : hold.asks) {
      const plan::Approval& approval = approval_of(plan, step, gate, ask);
      // Who has approved may still change their mind while the step waits.
      if (!hold.rejected) open.push_back({step, gate, &approval, &ask});
    }
  return open;
}

std::vector<StepRef> open_approvals(const plan::Plan& plan, const State& state) {
  std::vector<StepRef> steps;
  for (const Question& question : open_questions(plan, state))
    if (steps.empty() || steps.back() != question.step) steps.push_back(question.step);
  return steps;
}

std::string answer_problem(const plan::Plan& plan, const State& state, const journal::Request& answer) {
  std::vector<Question> open = open_questions(plan, state);
  std::erase_if(open, [&](const Question& question) { return question.step != StepRef{answer.step, false}; });
  if (open.empty()) return fmt::format("step {} waits for no approval", answer.step);
  std::string teams, others;
  bool member = false, again = true;
  // Whoever started the run may say no to it.
  std::string_view author = answer.ask == journal::Ask::Approve ? state.author : std::string_view();
  auto members_of = [&](const Question& question, std::string_view without) {
    return members_now(plan, question.step, *question.approval, *question.ask, without);
  };
  for (const Question& question : open) {
    std::vector<std::string> members = members_of(question, author);
    teams += fmt::format("{}team {} ({})", teams.empty() ? "" : ", ", question.approval->team, list_text(members));
    if (!among(members, answer.by) && among(members_of(question, {}), answer.by))
      others = fmt::format("{} ({})", question.approval->team, list_text(members));
    if (!among(members, answer.by)) continue;
    member = true;
    again &= among(question.ask->approved, answer.by);
  }
  if (!member && !others.empty())
    return fmt::format("`{}` has started the run, and a policy asks that somebody else approves: {}", answer.by,
                       others);
  if (!member) return fmt::format("`{}` is no member of {}", answer.by, teams);
  if (again && answer.ask == journal::Ask::Approve)
    return fmt::format("`{}` has approved it already, and each member counts once", answer.by);
  return {};
}

bool changes_pause(const State& state, const journal::Request& request) {
  const std::optional<journal::Paused>& latch = request.line ? state.line : state.paused;
  bool goes_back = state.phase != RunPhase::Running || state.abort;
  return !goes_back && latch.has_value() == (request.ask == journal::Ask::Resume);
}

void keep_last_of_line(std::vector<journal::Request>& requests) {
  int64_t last = 0;
  for (const journal::Request& request : requests)
    if (request.line) last = request.id;
  std::erase_if(requests, [&](const journal::Request& request) { return request.line && request.id != last; });
}

std::string approved_text(const plan::Approval& approval, const std::vector<std::string>& approved) {
  if (approved.empty()) return fmt::format("nobody of {} has approved", approval.team);
  return fmt::format("{} of {} of {} {} approved: {}", approved.size(), approval.quorum, approval.team,
                     approved.size() == 1 ? "has" : "have", list_text(approved));
}

std::optional<int64_t> next_ask_bound(const plan::Plan& plan, const HoldState& hold, int64_t now) {
  std::optional<int64_t> next;
  auto take = [&](int64_t bound) {
    if (bound > now && (!next || bound < *next)) next = bound;
  };
  for (const auto& [gate, ask] : hold.asks) {
    const plan::Approval& approval = approval_of(plan, hold.step, gate, ask);
    take(ask.since_ns + approval.timeout_ns);
    if (approval.escalation && !ask.escalated) take(ask.since_ns + approval.escalation->after_ns);
  }
  return next;
}

namespace {

/// Why nothing comes of what is asked now; empty: something does.
std::string void_because(const plan::Plan& plan, const State& state, const journal::Request& request) {
  using journal::Ask;
  if (journal::takes_back(request.ask)) return {};
  if (request.ask == Ask::Approve || request.ask == Ask::Reject) return answer_problem(plan, state, request);
  if (state.phase != RunPhase::Running || state.abort) return "the run goes back already";
  if (request.ask == Ask::Override) return state.line ? "" : "the line is not stopped";
  if (changes_pause(state, request)) return {};
  return request.ask == Ask::Pause ? "it is paused already" : "it is not paused";
}

}  // namespace

// A void request is an event, so that it is not read again: the next driver may stand at a later question of its step.
// A word to all runs may be: of those only the last counts, and it means the same whenever it is read.
std::optional<journal::Payload> Executor::on_request(const State& state, const journal::Request& request) const {
  using journal::Ask;
  if (std::string why = void_because(plan_, state, request); !why.empty()) {
    if (request.line) return std::nullopt;
    return journal::RequestVoid{request.id, request.ask, request.by, request.reason, std::move(why)};
  }
  StepRef step{request.step, false};
  switch (request.ask) {
    case Ask::Pause: return journal::Paused{request.id, request.by, request.reason, request.line};
    case Ask::Resume: return journal::Unpaused{request.id, request.by, request.reason, request.line};
    case Ask::Override:
      return journal::LineOverridden{request.id, request.by, request.reason,
                                     request.wall_ns + request.minutes * ns_per_minute};
    case Ask::Approve: return journal::Approved{step, request.id, request.by, request.reason, request.holder};
    case Ask::Reject: return journal::Rejected{step, request.id, request.by, request.reason, request.holder};
    case Ask::Abort:
    case Ask::Replace:
    case Ask::Rollback: break;
  }
  return journal::AbortRequested{request.id, request.by, request.reason, request.ask == Ask::Replace,
                                 request.ask == Ask::Rollback};
}

/// People said no, or nothing: the hold has failed.
Executor::Events Executor::refused(const State& state, const HoldState& hold, uint32_t gate, Cause cause,
                                   const std::string& why) const {
  Events out;
  std::string detail = why;
  if (gate != plan::none) {
    out.push_back(unchanged(*hold.asks.at(gate).about, why));
    detail = fmt::format("gate `{}`: {}", plan_.gates[gate].text, std::get<GateDecided>(out.back()).detail);
  }
  out.push_back(journal::StepFailed{hold.step, 1, true, false, detail});
  for (auto& event : fail_at(state, hold.step, cause, detail)) out.push_back(std::move(event));
  return out;
}

/// What becomes of a question that nobody has answered yet; nothing: it stays open.
std::optional<Executor::Events> Executor::wait_for_people(const State& state, const HoldState& hold, uint32_t gate,
                                                          int64_t now) const {
  const Ask& ask = hold.asks.at(gate);
  const plan::Approval& approval = approval_of(plan_, hold.step, gate, ask);
  if (hold.rejected)
    return refused(state, hold, gate, Cause::Rejected,
                   fmt::format("rejected by {}: {}", hold.rejected->by, hold.rejected->reason));
  if (ask.phase == ApprovalPhase::Approved) return std::nullopt;
  int64_t waited = now - ask.since_ns;
  if (waited >= approval.timeout_ns) {
    std::string detail = fmt::format("approval timed out after {}: {}", eval::duration_text(approval.timeout_ns),
                                     approved_text(approval, ask.approved));
    if (approval.on_timeout == plan::Unapproved::Park) return Events{journal::Parked{hold.step, std::move(detail)}};
    bool fails = approval.on_timeout == plan::Unapproved::Fail;
    return refused(state, hold, gate, fails ? Cause::StepFailed : Cause::Unapproved, detail);
  }
  if (approval.escalation && !ask.escalated && waited >= approval.escalation->after_ns)
    return Events{journal::Escalated{hold.step, gate}};
  return std::nullopt;
}

std::optional<Executor::Events> Executor::decide_approval(const State& state, const HoldState& hold, int64_t now,
                                                          bool held_back) const {
  if (auto events = wait_for_people(state, hold, plan::none, now)) return events;
  const Ask& ask = hold.asks.at(plan::none);
  // Held back: nothing may begin yet, and watches are to look on.
  if (ask.phase != ApprovalPhase::Approved || held_back) return std::nullopt;
  return Events{journal::StepDone{hold.step, 1, false, fmt::format("approved by {}", list_text(ask.approved))}};
}

// A verdict that comes while people are asked for want of one decides as it always does, and asks anew where the plan
// says so; another lack of evidence is no answer. What has spoken against the gate, only people can overrule.
std::optional<Executor::Events> Executor::ask_people(const State& state, const HoldState& hold, uint32_t gate,
                                                     int64_t now, std::optional<GateDecided>& decided) const {
  if (journal::is_check(hold.step)) return std::nullopt;
  auto asks = [&](const GateDecided& verdict) {
    const plan::Response& response = response_to(plan_.gates[gate], verdict.verdict, verdict.reason);
    return !is_pass(verdict) && response.then == plan::Fallback::Ask;
  };
  GatePhase phase = hold.gates.at(gate).phase;
  bool for_good = phase == GatePhase::Overruling;
  bool is_asked = for_good || phase == GatePhase::Asking;
  if (is_asked && hold.rejected) return wait_for_people(state, hold, gate, now);
  bool has_verdict = decided && decided->verdict != Verdict::NoEvidence && !for_good;
  if (!is_asked || has_verdict) {
    if (!decided || !asks(*decided)) return std::nullopt;  // the plan decides, or nothing does yet
    return Events{journal::GateAsked{hold.step, gate, decided->verdict, decided->reason, decided->detail}};
  }
  decided.reset();
  if (auto events = wait_for_people(state, hold, gate, now)) return events;
  const Ask& ask = hold.asks.at(gate);
  if (ask.phase != ApprovalPhase::Approved) return std::nullopt;
  decided = unchanged(*ask.about, fmt::format("approved by {}", list_text(ask.approved)));
  decided->unproven = true;
  return std::nullopt;
}

}  // namespace rollout::exec
