#include "runtime/cli/explain_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/look.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/record.h"
#include "runtime/cli/rollback.h"
#include "runtime/cli/rollback_window.h"
#include "runtime/cli/run_log.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/opening.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr size_t label_columns = 12;

/// What somebody who has seen nothing of it is told.
struct Explained {
  std::string state;     ///< `rolled back`, `paused`, `driven`
  std::string step;      ///< the last durable step
  int64_t event = 0;     ///< its number in the record
  std::string cause;
  std::string evidence;
  std::string next;      ///< a command that makes nothing worse
  std::string then;      ///< what it does, or what comes after it
};

std::string step_text(const plan::Plan& plan, journal::StepRef ref) {
  if (journal::is_check(ref)) return "the check after the rollback";
  if (ref.step == plan::none) return plan::scope_text(plan, ref.scope);
  if (ref.undo) return fmt::format("way back: {}", plan.undo.at(ref.step).text);
  const plan::Step& step = plan.steps.at(ref.step);
  std::string text = step.text.empty() ? step_name(step) : step.text;
  return step.phase == plan::none ? text : fmt::format("phase {}: {}", plan.phases.at(step.phase).name, text);
}

/// The last event of a step: what is known to have happened, or to have been begun.
void find_step(const RunInHand& held, Explained& out) {
  const plan::Plan& plan = held.planned.plan;
  out.step = "none has begun";
  for (size_t i = 0; i < held.events.size(); ++i) {
    const journal::Event& event = held.events[i];
    auto take = [&](journal::StepRef step, std::string_view what) {
      out.step = fmt::format("{}, {} at {}", step_text(plan, step), what, effects::utc_text(event.wall_ns));
      out.event = int64_t(i);
    };
    if (const auto* e = std::get_if<journal::StepStarted>(&event.what)) take(e->step, "begun");
    if (const auto* e = std::get_if<journal::StepDone>(&event.what)) take(e->step, "done");
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what); e != nullptr && journal::is_check(e->hold))
      take(e->hold, "decided");
    if (const auto* e = std::get_if<journal::StepFailed>(&event.what))
      take(e->step, e->last ? "failed" : "to be tried again");
    if (const auto* e = std::get_if<journal::VerifyStarted>(&event.what); e != nullptr)
      take(journal::verification, "begun");
  }
}

/// The verdict, the watch or the failure that speaks last, with what was seen in its hold.
void find_evidence(const RunInHand& held, Explained& out) {
  const plan::Plan& plan = held.planned.plan;
  RunLog log(plan);
  for (size_t i = 0; i < held.events.size(); ++i) {
    const journal::Event& event = held.events[i];
    log.add(event);
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what)) {
      const StepLog* hold = log.find(e->hold);
      std::string saw = hold == nullptr ? "" : join(seen_texts(plan, hold->seen), "  ");
      std::string_view verdict = e->verdict == journal::Verdict::Pass   ? "passed"
                                 : e->verdict == journal::Verdict::Fail ? "failed"
                                                                        : "had no evidence";
      out.evidence = fmt::format("gate {} {}{}{} (event {})", plan.gates.at(e->gate).text, verdict,
                                 e->detail.empty() ? "" : ": " + e->detail, saw.empty() ? "" : "; saw " + saw, i);
    }
    if (const auto* e = std::get_if<journal::WatchFired>(&event.what))
      out.evidence = fmt::format("watch {}: {} (event {})", plan.watches.at(e->watch).text, e->detail, i);
    if (const auto* e = std::get_if<journal::StepFailed>(&event.what); e != nullptr && !e->detail.empty() &&
                                                                       (e->step.undo || e->step.step == plan::none ||
                                                                        plan.steps.at(e->step.step).kind ==
                                                                            plan::StepKind::Act))
      out.evidence = fmt::format("{}: {} (event {})", step_text(plan, e->step), e->detail, i);
  }
  if (out.evidence.empty()) out.evidence = "no gate, watch or step has said anything yet";
}

std::string cause_of(const RunInHand& held, const exec::State& state) {
  if (state.ended && !state.ended->detail.empty()) return state.ended->detail;
  if (state.parked) return state.parked->detail;
  if (!state.cause_detail.empty()) return state.cause_detail;
  if (state.abort) return fmt::format("aborted by {}: {}", state.abort->by, state.abort->reason);
  if (state.paused) return fmt::format("paused by {}: {}", state.paused->by, state.paused->reason);
  if (state.line && !state.overridden)
    return fmt::format("the line is stopped by {}: {}", state.line->by, state.line->reason);
  if (!state.away.empty())
    return fmt::format("{} does not answer: {}", state.away.begin()->first, state.away.begin()->second.detail);
  std::vector<exec::Question> open = exec::open_questions(held.planned.plan, state);
  if (!open.empty())
    return fmt::format("it waits for {}", plan::approval_text(*open.front().approval));
  if (state.closed) return state.closed->detail;
  if (state.interrupted) return "its process was stopped by a signal";
  return state.ended ? "every step is done and every gate has passed" : "it goes on as planned";
}

/// The same, with the answers of people that nobody has acted on.
std::string cause_and_answers(const RunInHand& held, const exec::State& state,
                              const std::vector<journal::Request>& asked) {
  std::vector<std::string> texts;
  for (const journal::Request& request : asked)
    if (request.ask == journal::Ask::Approve || request.ask == journal::Ask::Reject)
      texts.push_back(asked_text(request));
  if (state.ended || texts.empty()) return cause_of(held, state);
  std::string before = cause_of(held, held.state);
  return fmt::format("{}; asked: {}", before, join(texts, "; "));
}

/// A person has asked for the way back, which has not begun.
bool is_refused(const exec::State& state) {
  return state.abort || std::any_of(state.holds.begin(), state.holds.end(),
                                    [](const auto& hold) { return hold.second.rejected.has_value(); });
}

/// What speaks against where its rollback leads.
std::string held_text_of(const RunInHand& held) {
  std::string out;
  for (const journal::BackTo& one : held.state.unproven)
    if (one.held)
      out += fmt::format("; it leads to {} {}, {}", plan::service_text(held.planned.plan.services.at(one.service)),
                         one.version, one.why);
  return out;
}

void find_next_of_ended(const Context& context, const RunInHand& held, Explained& out) {
  const std::string& run = held.run();
  switch (*held.named.run.outcome) {
    case journal::Outcome::Succeeded: {
      int64_t left_ns = ended_wall_ns(held.events) + rollback_window_ns(held.planned.plan) -
                        context.env.effects().clock.wall_ns();
      bool may = bool(check_way(context, held, Of::Run));
      out.next = may ? fmt::format("rollout rollback {} --reason TEXT", run) : fmt::format("rollout status {}", run);
      out.then = may ? fmt::format("only if the version proves bad; for {} more, while nothing newer is released{}",
                                   short_duration(left_ns), held_text_of(held))
                     : "nothing is to be done";
      return;
    }
    case journal::Outcome::RolledBack:
      out.next = fmt::format("rollout audit {}", run);
      out.then = "shows every sample; mend the cause, then make a new plan";
      return;
    case journal::Outcome::Parked:
      out.next = fmt::format("rollout status {}", run);
      out.then = !held.state.ended->found.empty()
                     ? "its `now` says what was seen to run: see which version is to serve, and bring it by a new plan"
                     : "its `what now` lists what is done and what is not: do the rest by hand, in that order, then "
                       "make a new plan";
      return;
  }
}

void find_next(const Context& context, const RunInHand& held, const exec::State& state,
               const std::optional<effects::Holder>& driver, Explained& out) {
  bool driven = driver.has_value();
  const std::string& run = held.run();
  std::vector<exec::Question> open = exec::open_questions(held.planned.plan, state);
  bool asked = std::any_of(open.begin(), open.end(), [](const exec::Question& one) {
    return one.ask->phase != exec::ApprovalPhase::Approved;
  });
  auto say = [&](std::string next, std::string then) { out.next = std::move(next), out.then = std::move(then); };
  if (held.named.run.outcome) return find_next_of_ended(context, held, out);
  if (!driven && !next_of_earlier(held.planned, run).empty())
    return say(fmt::format("rollout abort {} --give-up --reason TEXT", run),
               "ends its record and changes nothing else: an earlier rollout made its plan, and only that version "
               "goes on with it or takes it back");
  if (driver && driver->stopped)
    return say(fmt::format("kill -CONT {}", driver->pid),
               fmt::format("lets its process go on, which is stopped and looks at nothing; or end it by `kill -9 {}`, "
                           "then rollout resume {}", driver->pid, run));
  if (state.rollback == exec::RollbackPhase::Withheld)
    return say(fmt::format("rollout abort {} --reason TEXT", run),
               "goes back all the same; nothing else makes it go on, since neither version is known to be good");
  if (is_refused(state) && !driven)
    return say(fmt::format("rollout resume {}", run), "takes it back, as was asked: it looks first, and does nothing "
                                                      "twice");
  if (state.paused)
    return say(fmt::format("rollout resume {}", run), "lifts the pause and goes on; `abort` takes it back");
  if (state.line && !state.overridden)
    return say("rollout start-the-line --reason TEXT", "lets all runs go on; `abort` takes this one back");
  if (asked)
    return say(fmt::format("rollout approve {} --as NAME", run),
               fmt::format("or rollout reject {} --as NAME --reason TEXT: it goes back{}", run,
                           driven ? "" : fmt::format("; then rollout resume {}: nobody drives it", run)));
  bool goes_back = state.abort || state.phase != exec::RunPhase::Running;
  if (driven)
    return say(fmt::format("rollout status {} --watch", run),
               goes_back ? "follows it; it goes back already" : "follows it; `abort` takes it back at any time");
  if (goes_back)
    return say(fmt::format("rollout resume {}", run), "goes on taking it back: it looks first, and does nothing twice");
  say(fmt::format("rollout resume {}", run),
      "goes on where it stopped: it looks first, and does nothing twice; `abort` "
      "takes it back");
}

std::string state_text(const RunInHand& held, const exec::State& state,
                       const std::optional<effects::Holder>& driver) {
  if (held.named.run.outcome) return std::string(journal::spoken(*held.named.run.outcome));
  std::string what = state.phase == exec::RunPhase::RollingBack ? "rolling back"
                     : state.parked                             ? "parked"
                     : state.abort                              ? "to go back, as was asked"
                     : exec::is_paused(state)                   ? "paused"
                                                                : "under way";
  if (!driver) return what + ", and nobody drives it";
  return driver->stopped ? fmt::format("{}, and {}, which drives it, is stopped", what, driver->who) : what;
}

std::string lines(std::string_view label, const std::string& text, const Style& style) {
  std::string out;
  size_t width = size_t(std::max(style.columns, 40)) - label_columns;
  for (const std::string& part : wrap(text, width))
    out += fmt::format("{}{}\n", out.empty() ? fmt::format("  {:<10}", label) : std::string(label_columns, ' '), part);
  return out;
}

std::string text_of(const RunInHand& held, const Explained& explained, const std::string& record, const Style& style) {
  return fmt::format("{} of {}: {}\n", style.bold("run " + held.run()), held.named.run.rollout, explained.state) +
         lines("last step", fmt::format("{} (event {})", explained.step, explained.event), style) +
         lines("cause", explained.cause, style) + lines("evidence", explained.evidence, style) +
         lines("record", record, style) + lines("next", fmt::format("{}: {}", explained.next, explained.then), style);
}

std::string json_of(const RunInHand& held, const Explained& explained, bool whole) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "explained_run").field("run", held.run());
  json.field("rollout", held.named.run.rollout).field("state", explained.state).field("last_step", explained.step);
  json.field("event", explained.event).field("cause", explained.cause).field("evidence", explained.evidence);
  json.field("next", explained.next).field("then", explained.then).field("whole", whole).end_object();
  return json.take() + "\n";
}

}  // namespace

bool names_run(const std::string& name) {
  return name.size() > 1 && (name[0] == 'r' || name[0] == 'p') &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int explain_run(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<RunInHand> held = look_into(context, name, exit_code);
  if (!held) return exit_code;
  Result<std::vector<journal::Request>> requests = unseen_requests(*held->named.store, held->state, held->run());
  if (!requests) return context.fail(requests.error());
  exec::State state = held->state;
  if (!held->named.run.outcome) state = as_asked(held->state, held->planned.plan, held->run(), *requests);
  std::optional<effects::Holder> driver = driver_of(*held->named.store, held->planned.plan);
  Result<NotedHeads> heads = read_heads(context, held->named.project);
  Result<journal::Chain> chain = held->named.store->chain(held->run());
  if (!chain) return context.fail(chain.error());
  std::vector<std::string> problems =
      record_problems(*chain, held->run(), held->planned.bytes, heads ? heads->heads : std::vector<NotedHead>());
  Explained explained;
  explained.state = state_text(*held, state, driver);
  find_step(*held, explained);
  find_evidence(*held, explained);
  explained.cause = cause_and_answers(*held, state, *requests);
  find_next(context, *held, state, driver, explained);
  std::string record = problems.empty() ? fmt::format("{}, whole", count_of(held->events.size(), "event"))
                                        : fmt::format("not whole: {}", join(problems, "; "));
  context.out(context.json() ? json_of(*held, explained, problems.empty())
                             : text_of(*held, explained, record, context.style));
  return Ok;
}

}  // namespace rollout::cli
