#include "runtime/cli/view_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "compiler/base/json.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/breaker.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

std::string_view verdict_text(journal::Verdict verdict, journal::Reason reason, bool unproven) {
  if (unproven) return verdict == journal::Verdict::Fail ? "failed, overruled by people" : "passed without proof";
  switch (verdict) {
    case journal::Verdict::Pass: return "pass";
    case journal::Verdict::Fail: return "fail";
    case journal::Verdict::NoEvidence: break;
  }
  switch (reason) {
    case journal::Reason::None: return "no evidence";
    case journal::Reason::NoData: return "no evidence (no data)";
    case journal::Reason::Undecided: return "no evidence (undecided)";
    case journal::Reason::Error: return "no evidence (the source fails)";
  }
  return "no evidence";
}

std::string_view cause_text(journal::Cause cause) {
  switch (cause) {
    case journal::Cause::StepFailed: return "a step failed";
    case journal::Cause::GateFailed: return "a gate failed";
    case journal::Cause::NoEvidence: return "a gate had no evidence";
    case journal::Cause::Watch: return "a watch fired";
    case journal::Cause::Abort: return "aborted";
    case journal::Cause::Rejected: return "rejected";
    case journal::Cause::Unapproved: return "not approved";
    case journal::Cause::Exposure: return "the budget of exposure is spent";
    case journal::Cause::Asked: return "a person found the version bad";
  }
  return "";
}

/// Says one event in words. The log already knows it.
struct Line {
  const plan::Plan& plan;
  const RunLog& log;
  const Style& style;

  std::string phase_name(journal::StepRef ref) const {
    if (journal::is_check(ref)) return "verify";
    if (ref.undo) return "rollback";
    if (ref.step == plan::none) return "";
    uint32_t phase = plan.steps.at(ref.step).phase;
    return phase == plan::none ? "" : plan.phases.at(phase).name;
  }
  const plan::Action* action(journal::StepRef ref) const {
    if (journal::is_check(ref)) return nullptr;
    if (ref.undo) return &plan.undo.at(ref.step);
    const plan::Step& step = plan.steps.at(ref.step);
    return step.kind == plan::StepKind::Act ? &step.action : nullptr;
  }
  std::string in_phase(journal::StepRef ref, std::string_view text) const {
    return fmt::format("{}  {}", style.name(left(phase_name(ref), 10)), text);
  }
  std::string took(journal::StepRef ref) const {
    const StepLog* step = log.find(ref);
    return step == nullptr ? "" : short_duration(step->end_ns - step->begin_ns);
  }

  std::string operator()(const journal::RunStarted& e) const {
    bool other = !e.by.empty() && !e.holder.starts_with(e.by + "@");
    std::string back;
    for (const journal::BackTo& one : e.unproven)
      back += fmt::format("; {} to {} {} ({})", style.warn(one.held ? "never goes back by itself" : "goes back"),
                          plan::service_text(plan.services.at(one.service)), one.version, one.why);
    return fmt::format("run of plan {} by {}{}{}", short_hash(e.plan_hash), e.holder,
                       other ? fmt::format(", as {}", e.by) : "", back);
  }
  std::string operator()(const journal::Resumed& e) const {
    if (!e.why.empty())
      return fmt::format("{} nothing was looked at for {}: {}; no hold counts that time", style.warn("stood still:"),
                         short_duration(e.downtime_ns), e.why);
    return fmt::format("resumed by {}, after {} without a driver", e.holder, short_duration(e.downtime_ns));
  }
  bool is_approval(journal::StepRef ref) const {
    return !ref.undo && plan.steps.at(ref.step).kind == plan::StepKind::Approval;
  }
  const plan::Approval& approval(journal::StepRef ref) const {
    return plan.approvals.at(plan.steps.at(ref.step).approval);
  }
  /// Who was asked by a gate, with all that it asks them.
  const plan::Approval& asked_by(uint32_t gate, journal::Verdict verdict, journal::Reason reason) const {
    return plan.approvals.at(exec::response_to(plan.gates.at(gate), verdict, reason).approval);
  }
  std::string operator()(const journal::GateAsked& e) const {
    const plan::Approval& asked = asked_by(e.gate, e.verdict, e.reason);
    return in_phase(e.hold, fmt::format("{} {} ({}): gate {}: {}  {}", style.warn("asks"), plan::approval_text(asked),
                                        join(asked.members, ", "), plan.gates.at(e.gate).text,
                                        verdict_text(e.verdict, e.reason, false), e.detail));
  }
  std::string operator()(const journal::Notified& e) const {
    std::string team = e.message.substr(e.message.find('/') + 1);
    if (e.delivered) return style.dim(fmt::format("{} was told", team));
    return fmt::format("{} {}, after {} attempt{}: {}", style.warn("could not be told:"), team, e.attempts,
                       e.attempts == 1 ? "" : "s", e.detail);
  }
  std::string operator()(const journal::Escalated& e) const {
    const StepLog* step = log.find(e.step);
    const plan::Approval* asked = e.gate == plan::none ? &approval(e.step) : nullptr;
    for (const journal::GateAsked& one : step == nullptr ? std::vector<journal::GateAsked>() : step->asked)
      if (one.gate == e.gate) asked = &asked_by(one.gate, one.verdict, one.reason);
    if (asked == nullptr || !asked->escalation) return {};
    return in_phase(e.step, fmt::format("{} {} has not answered for {}; {} may answer as well ({})",
                                        style.warn("escalated:"), asked->team,
                                        eval::duration_text(asked->escalation->after_ns), asked->escalation->team,
                                        join(asked->escalation->members, ", ")));
  }
  std::string waits_text(const plan::Step& step, journal::StepRef ref) const {
    return fmt::format("{} {} ({})", style.warn("waits for approval:"), step.text, join(approval(ref).members, ", "));
  }
  std::string operator()(const journal::StepStarted& e) const {
    std::string again = e.attempt > 1 ? fmt::format(" (attempt {})", e.attempt) : "";
    if (const plan::Action* act = action(e.step)) return in_phase(e.step, act->text + again);
    const plan::Step& step = plan.steps.at(e.step.step);
    if (step.kind == plan::StepKind::Commit)
      return in_phase(e.step, fmt::format("{}: {}", style.warn("point of no return"), step.text));
    if (step.kind == plan::StepKind::Approval) return in_phase(e.step, waits_text(step, e.step));
    bool is_plain = step.kind == plan::StepKind::Notify || step.kind == plan::StepKind::Checkpoint ||
                    step.kind == plan::StepKind::Unlock;
    if (is_plain) return in_phase(e.step, step.text);
    if (step.kind == plan::StepKind::Lock)
      return in_phase(e.step, fmt::format("{}, waited for at most {}", step.text,
                                          eval::duration_text(plan.locks.at(step.lock).within_ns)));
    if (step.kind == plan::StepKind::Preflight)
      return in_phase(e.step, fmt::format("{}, for {}", step.text, eval::duration_text(step.hold_ns)));
    std::vector<std::string> gates;
    for (uint32_t gate : step.gates) gates.push_back(plan.gates.at(gate).text);
    std::string judged = gates.empty() ? "" : fmt::format(", judged by {}", join(gates, " and "));
    return in_phase(e.step, fmt::format("hold {}{}", eval::duration_text(step.hold_ns), judged));
  }
  std::string operator()(const journal::StepDone& e) const {
    const plan::Action* act = action(e.step);
    if (act == nullptr && is_approval(e.step))
      return in_phase(e.step, fmt::format("{} after {}", style.good(e.detail), took(e.step)));
    if (act == nullptr) return {};
    std::string how = e.adopted ? "was so already" : fmt::format("done in {}", took(e.step));
    return in_phase(e.step, fmt::format("{}: {}{}", act->text, style.good(how),
                                        e.detail.empty() ? "" : style.dim(", " + e.detail)));
  }
  std::string operator()(const journal::StepFailed& e) const {
    const plan::Action* act = action(e.step);
    bool lock = !e.step.undo && plan.steps.at(e.step.step).kind == plan::StepKind::Lock;
    if (lock) return in_phase(e.step, fmt::format("{} {}", style.bad("failed:"), e.detail));
    if (act == nullptr) return {};  // the gate's verdict was said
    std::string then = e.last ? "" : "; it is tried again";
    return in_phase(e.step,
                    fmt::format("{}: {}: {}{}", act->text,
                                style.bad(e.unknown ? "not known to be done" : "failed"), e.detail, then));
  }
  std::string operator()(const journal::Reasserted& e) const {
    const plan::Action* act = action(e.step);
    return in_phase(e.step, fmt::format("{}: {}: {}", act ? act->text : "", style.warn("set again"), e.detail));
  }
  std::string operator()(const journal::Sampled& e) const {
    const StepLog* hold = log.find(e.hold);
    std::string seen = hold == nullptr ? "" : join(seen_texts(plan, hold->seen), "  ");
    if (is_approval(e.hold))
      return in_phase(e.hold,
                      fmt::format("waited {} of {}  {}  {}", short_duration(e.elapsed_ns),
                                  eval::duration_text(approval(e.hold).timeout_ns), approvals_text(hold), seen));
    std::string of;
    if (!e.hold.undo) {
      int64_t hold_ns = plan.steps.at(e.hold.step).hold_ns;
      bool judged = !plan.steps.at(e.hold.step).gates.empty();
      of = fmt::format(" of {}", eval::duration_text(hold_ns));
      bool asked = hold != nullptr && !hold->asked.empty();
      bool paused = log.paused || (log.line && !log.overridden);
      if (e.elapsed_ns > hold_ns)
        of += paused  ? " and stays, paused"
              : asked ? " and waits for people"
              : judged ? " and goes on, a gate has not decided yet"
                       : "";
    }
    return in_phase(e.hold, fmt::format("held {}{}  {}", short_duration(e.elapsed_ns), of, seen));
  }
  std::string operator()(const journal::GateDecided& e) const {
    std::string_view verdict = verdict_text(e.verdict, e.reason, e.unproven);
    std::string shown = e.unproven                            ? style.warn(verdict)
                        : e.verdict == journal::Verdict::Pass ? style.good(verdict)
                        : e.verdict == journal::Verdict::Fail ? style.bad(verdict)
                                                              : style.warn(verdict);
    // A pass is told by what was counted, anything else by its reason.
    const StepLog* hold = log.find(e.hold);
    bool passed = e.verdict == journal::Verdict::Pass && !e.unproven;
    std::string detail = passed && hold ? "  " + join(seen_texts(plan, hold->seen), "  ") : "  " + e.detail;
    return in_phase(e.hold, fmt::format("gate {}: {}{}", plan.gates.at(e.gate).text, shown, detail));
  }
  std::string operator()(const journal::WatchFired& e) const {
    return fmt::format("{} {}  {}", style.bad("watch fired:"), plan.watches.at(e.watch).text, e.detail);
  }
  std::string operator()(const journal::AbortRequested& e) const {
    std::string_view what = e.rollback ? "rollback asked" : "abort asked";
    return fmt::format("{} by {}{}", style.warn(what), e.by, reason_text(e.reason));
  }
  std::string operator()(const journal::Paused& e) const {
    return fmt::format("{} by {}{}; no step begins, gates and watches go on",
                       style.warn(e.line ? "the line is stopped" : "paused"), e.by, reason_text(e.reason));
  }
  std::string operator()(const journal::Unpaused& e) const {
    return fmt::format("{} by {}{}", style.good(e.line ? "the line is started" : "the pause is lifted"), e.by,
                       reason_text(e.reason));
  }
  std::string operator()(const journal::RequestVoid& e) const {
    return fmt::format("{} by {}{}; {}: {}", journal::word(journal::ask_names, e.ask), e.by, reason_text(e.reason),
                       style.warn("it came to nothing"), e.detail);
  }
  std::string operator()(const journal::EndpointAway& e) const {
    return fmt::format("{} {} calls in a row have failed: {}; steps leave it alone, up to {} at a time",
                       style.warn(e.endpoint + " does not answer:"), exec::failures_to_trip, e.detail,
                       eval::duration_text(exec::most_alone_ns));
  }
  std::string operator()(const journal::EndpointBack& e) const {
    return fmt::format("{} after {}", style.good(e.endpoint + " answers again"), short_duration(e.away_ns));
  }
  std::string operator()(const journal::LineOverridden& e) const {
    return fmt::format("{} by {}{}; the run goes on until {}", style.warn("the stopped line is overridden"), e.by,
                       reason_text(e.reason), effects::utc_text(e.until_wall_ns));
  }
  std::string operator()(const journal::OverrideEnded&) const {
    return fmt::format("{}; the line is still stopped, no step begins", style.warn("the override is over"));
  }
  std::string operator()(const journal::Reopened& e) const {
    return fmt::format("{} by {}{}; it had succeeded {} before", style.warn("rollback asked"), e.by,
                       reason_text(e.reason), short_duration(log.after_success_ns));
  }
  std::string operator()(const journal::Approved& e) const {
    return in_phase(e.step, fmt::format("{} by {}{}", style.good("approved"), e.by, reason_text(e.reason)));
  }
  std::string operator()(const journal::Rejected& e) const {
    return in_phase(e.step, fmt::format("{} by {}{}", style.bad("rejected"), e.by, reason_text(e.reason)));
  }
  std::string operator()(const journal::Parked& e) const {
    return in_phase(e.step, fmt::format("{} {}", style.bad("parked:"), e.detail));
  }
  static std::string reason_text(const std::string& reason) { return reason.empty() ? "" : ": " + reason; }
  std::string approvals_text(const StepLog* step) const {
    std::vector<std::string> names;
    for (const journal::Approved& one : step == nullptr ? std::vector<journal::Approved>() : step->approved)
      names.push_back(one.by);
    return step == nullptr ? "" : exec::approved_text(approval(step->step), names);
  }
  std::string operator()(const journal::Interrupted& e) const {
    std::string left = e.in_flight.empty() ? "nothing is in flight" : fmt::format("in flight: {}", e.in_flight);
    return fmt::format("{}, no new effect starts; {}", style.warn("interrupted"), left);
  }
  std::string operator()(const journal::RollbackStarted& e) const {
    // What failed was said by the line before; that of an abort may be older.
    bool aborted = journal::by_hand(e.cause);
    return fmt::format("{} {}", style.bad("rolling back:"), aborted ? e.detail : std::string(cause_text(e.cause)));
  }
  std::string operator()(const journal::RollbackWithheld& e) const {
    return fmt::format("{} {}: it would lead back to a version that is held", style.bad("no rollback by itself after"),
                       cause_text(e.cause));
  }
  std::string operator()(const journal::VerifyStarted& e) const {
    return in_phase(journal::verification,
                    fmt::format("everything is restored; checking {} for {}", plan.gates.at(e.gate).text,
                                eval::duration_text(plan.rollback.verify_within_ns)));
  }
  std::string operator()(const journal::ScopeRollbackStarted& e) const {
    return fmt::format("{} {}, alone: {}", style.bad("rolling back"), plan::scope_text(plan, e.scope),
                       cause_text(e.cause));
  }
  std::string operator()(const journal::ScopeVerifyStarted& e) const {
    return in_phase({plan::none, true, e.scope},
                    fmt::format("{} is restored; checking {} for {}", plan::scope_text(plan, e.scope),
                                plan.gates.at(e.gate).text,
                                eval::duration_text(plan.scopes.at(e.scope).rollback.verify_within_ns)));
  }
  std::string operator()(const journal::ScopeEnded& e) const {
    std::string what = plan::scope_text(plan, e.scope);
    if (!e.restored) return fmt::format("{} {}: {}", style.bad("has not gone back:"), what, e.detail);
    std::string left_out = plan::left_out_text(plan, e.scope);
    return fmt::format("{} {}; {}{}{}", style.warn("has gone back:"), what, plan::follows_text(plan, e.scope),
                       left_out.empty() ? "" : "; ", left_out);
  }
  std::string operator()(const journal::CalendarClosed& e) const {
    std::string_view then = e.park ? "parked, no step begins" : "no step begins before that";
    return fmt::format("{} {}; {}", style.warn("closed:"), e.detail, then);
  }
  std::string operator()(const journal::Captured& e) const {
    return fmt::format("kept for the whole run: {}", join(captured_texts(plan, e), "; "));
  }
  std::string operator()(const journal::LockTaken& e) const {
    return fmt::format("{} {}", style.good("has lock"), e.name);
  }
  // Of a part that is done the step says it.
  std::string operator()(const journal::LockReleased& e) const {
    return log.rollback || !log.scopes.empty() ? fmt::format("gives back lock {}", e.name) : "";
  }
  std::string operator()(const journal::RunEnded&) const { return {}; }  // the summary says it
};

}  // namespace

std::string event_text(const plan::Plan& plan, const journal::Event& event, const RunLog& log, const Style& style) {
  return one_line(std::visit(Line{plan, log, style}, event.what));
}

namespace {

const Style plain{false, true, 100};

/// An event that no line of a run is worth.
std::string silent_text(const plan::Plan& plan, const journal::Event& event) {
  auto of = [&](journal::StepRef step) -> std::string {
    if (journal::is_check(step)) return "the check after the rollback";
    if (step.step == plan::none) return plan::scope_text(plan, step.scope);
    return step.undo ? plan.undo.at(step.step).text : plan.steps.at(step.step).text;
  };
  if (const auto* e = std::get_if<journal::StepDone>(&event.what)) return fmt::format("done: {}", of(e->step));
  if (const auto* e = std::get_if<journal::StepFailed>(&event.what))
    return fmt::format("failed: {}: {}", of(e->step), e->detail);
  if (const auto* e = std::get_if<journal::LockReleased>(&event.what))
    return fmt::format("gives back lock {}", e->name);
  if (const auto* e = std::get_if<journal::RunEnded>(&event.what))
    return fmt::format("the run ended: {}{}", journal::spoken(e->outcome), e->detail.empty() ? "" : ", " + e->detail);
  return std::string(journal::name_of(event.what));
}

}  // namespace

std::string record_text(const plan::Plan& plan, const journal::Event& event, const RunLog& log) {
  std::string text = event_text(plan, event, log, plain);
  return text.empty() ? one_line(silent_text(plan, event)) : text;
}

std::string event_line(const plan::Plan& plan, const journal::Event& event, const RunLog& log,
                       const Style& style) {
  std::string text = event_text(plan, event, log, style);
  return text.empty() ? text : fmt::format("{}  {}", style.dim(clock_text(event.run_ns)), text);
}

std::string event_json(const std::string& run, const journal::Event& event) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "event").field("run", run);
  json.key("event").raw(journal::encode(event)).end_object();
  return json.take() + "\n";
}

constexpr std::string_view clear_line = "\r\033[K";

void RunView::print(std::string_view line) {
  if (drawn_) context_.env.out(clear_line);
  drawn_ = false;
  context_.out(fmt::format("{}\n", line));
}

void RunView::redraw(std::string_view line) {
  Style plain = context_.style;
  plain.color = false;
  context_.env.out(clear_line);
  context_.out(cut(line, size_t(std::max(context_.env.screen().columns - 1, 1)), plain));
  drawn_ = true;
}

void RunView::note(Level level, std::string_view kind, std::string_view text) {
  if (context_.log != nullptr) context_.log->write(level, kind, run_, text);
}

void RunView::finish() {
  if (drawn_) context_.env.out(clear_line);
  drawn_ = false;
}

void RunView::on_sample(const journal::Event& event, const journal::Sampled& sample) {
  if (sample.prime) return;
  for (const std::string& news : log_.news)
    print(fmt::format("{}  {}", context_.style.dim(clock_text(event.run_ns)), context_.style.warn(news)));
  if (context_.verbose) return print(event_line(log_.plan, event, log_, context_.style));
  Style plain = context_.style;
  plain.color = false;
  if (live()) return redraw(event_line(log_.plan, event, log_, plain));
  if (event.run_ns < last_sample_line_ns_ + sample_line_ns) return;
  last_sample_line_ns_ = event.run_ns;
  print(event_line(log_.plan, event, log_, plain));
}

void RunView::on_event(const journal::Event& event, const exec::State&) {
  log_.add(event);
  note(level_of(event.what), journal::name_of(event.what), record_text(log_.plan, event, log_));
  if (context_.json()) return context_.out(event_json(run_, event));
  if (context_.quiet) return;
  if (const auto* sample = std::get_if<journal::Sampled>(&event.what)) return on_sample(event, *sample);
  std::string line = event_line(log_.plan, event, log_, context_.style);
  if (!line.empty()) print(line);
}

void RunView::on_progress(journal::StepRef step, const std::string& text) {
  if (context_.json() || !live() || text.empty() || journal::is_check(step)) return;
  // A hold looks at its routers again and again; that is not worth a line.
  const StepLog* known = log_.find(step);
  if (known != nullptr && known->ended) return;
  const plan::Plan& plan = log_.plan;
  const std::string& what = step.undo ? plan.undo.at(step.step).text : plan.steps.at(step.step).text;
  redraw(fmt::format("{}  {}: {}", clock_text(log_.now_ns), what, one_line(text)));
}

void RunView::on_tended(const std::string& text) {
  note(Level::Warn, "tended", text);
  if (context_.json() || context_.quiet) return;
  print(fmt::format("{}  {}", clock_text(log_.now_ns), one_line(text)));
}

void RunView::on_waiting(const std::string& lock, const std::string& holder) {
  std::string text = fmt::format("waits for lock {}, which run {} holds", lock, holder);
  if (text == last_trouble_) return;
  last_trouble_ = text;
  note(Level::Info, "waits", text);
  if (context_.json() || context_.quiet) return;
  print(fmt::format("{}  {}", context_.style.dim(clock_text(log_.now_ns)), context_.style.warn(text)));
}

void RunView::on_trouble(const std::string& text) {
  if (text == last_trouble_) return;
  last_trouble_ = text;
  finish();
  context_.fail(0, fmt::format("the run waits, and goes on by itself once it can be recorded: {}", text));
}

}  // namespace rollout::cli
