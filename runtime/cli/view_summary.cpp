#include "runtime/cli/view_summary.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/breaker.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/moves.h"

namespace rollout::cli {

namespace {

constexpr size_t name_columns = 10;
constexpr size_t indent_columns = 37;  ///< below the texts of the time line
constexpr int wide = 80;               ///< columns; where there are fewer, evidence begins further left
constexpr size_t narrow_indent_columns = 4;
constexpr std::string_view saw = "saw ";
constexpr size_t label_columns = 12;   ///< of the paragraphs below the time line
constexpr int least_columns = 40;
constexpr size_t max_phases = 20;
constexpr std::string_view behind_text = "done, but not everywhere: it needs a hand";
constexpr std::string_view parked_text = "parked: it needs a hand";

std::string verdict_word(const journal::GateDecided& verdict, const Style& style) {
  bool overruled = verdict.unproven && verdict.verdict == journal::Verdict::Fail;
  if (verdict.unproven) return style.warn(overruled ? "failed, overruled by people" : "passed without proof");
  switch (verdict.verdict) {
    case journal::Verdict::Pass: return style.good("pass");
    case journal::Verdict::Fail: return style.bad("fail");
    case journal::Verdict::NoEvidence: break;
  }
  return style.warn("no evidence");
}

/// Draws the log of one run; each member function is a line or a few.
struct Summary {
  const RunLog& log;
  const Style& style;
  int64_t now_ns = log.now_ns;  ///< of the run's clock
  const plan::Plan& plan = log.plan;

  size_t indent() const { return style.columns < wide ? narrow_indent_columns : indent_columns; }
  size_t room(size_t used) const { return size_t(std::max(style.columns, least_columns)) - used; }

  std::string indented(std::string_view text) const { return wrapped_at(indent(), text); }

  /// The whole text, broken between words: it is the reason why a release went back.
  std::string wrapped(std::string_view text) const { return wrapped_at(indent() + 2, text); }

  std::string wrapped_at(size_t columns, std::string_view text) const {
    std::string out;
    for (const std::string& part : wrap(text, room(columns))) out += std::string(columns, ' ') + part + "\n";
    return out;
  }

  /// A line of the last part: its label, and the whole text beside it.
  std::string paragraph(std::string_view label, std::string_view text) const {
    std::string out = wrapped_at(label_columns, text);
    return fmt::format("  {:<10}", label) + (out.empty() ? "\n" : out.substr(label_columns));
  }

  std::string line(int64_t begin, int64_t end, std::string_view name, std::string_view share,
                   std::string_view level, std::string_view text) const {
    std::string took = short_duration(end - begin);
    return fmt::format("  {}  {} {} {} {}  {}\n", style.dim(clock_text(begin, now_ns)),
                       style.name(left(cut(name, name_columns, style), name_columns)), right(share, 5), level,
                       right(took, 7), text);
  }

  std::string approval_lines(const StepLog& step) const {
    const plan::Approval& approval = plan.approvals.at(plan.steps[step.step.step].approval);
    std::string out = answer_lines(step);
    if (step.rejected) return out;
    if (int64_t(step.approved.size()) >= approval.quorum) return out;
    size_t missing = size_t(approval.quorum) - step.approved.size();
    return out + indented(fmt::format("{} {} of {}: {}", style.warn("missing"), missing, approval.team,
                                      join(approval.members, ", ")));
  }

  /// What people said.
  std::string answer_lines(const StepLog& step) const {
    std::string out;
    for (const journal::Approved& one : step.approved)
      out += indented(fmt::format("{} by {}{}", style.good("approved"), one.by,
                                  one.reason.empty() ? "" : ": " + one.reason));
    if (step.rejected)
      out += indented(fmt::format("{} by {}: {}", style.bad("rejected"), step.rejected->by, step.rejected->reason));
    return out;
  }

  /// What a gate asked them, and over which evidence.
  std::string asked_lines(const StepLog& hold) const {
    std::string out;
    for (const journal::GateAsked& one : hold.asked) {
      const plan::Response& response = exec::response_to(plan.gates.at(one.gate), one.verdict, one.reason);
      out += indented(fmt::format("gate {} {} {}", plan.gates.at(one.gate).text, style.warn("asked"),
                                  plan::approval_text(plan.approvals.at(response.approval))));
      out += wrapped(one.detail);
    }
    return out + (hold.asked.empty() ? "" : answer_lines(hold));
  }

  std::string hold_lines(const StepLog& hold) const {
    std::string out = asked_lines(hold);
    for (const journal::GateDecided& verdict : hold.verdicts) {
      out += indented(
          fmt::format("gate {}: {}", plan.gates.at(verdict.gate).text, verdict_word(verdict, style)));
      bool passed = verdict.verdict == journal::Verdict::Pass && !verdict.unproven;
      if (!passed && !verdict.detail.empty()) out += wrapped(verdict.detail);
    }
    return out + seen_lines(hold);
  }

  /// What the gates saw, as many signals in a line as fit.
  std::string seen_lines(const StepLog& hold) const {
    std::string line;
    std::vector<std::string> lines;
    size_t width = room(indent() + saw.size());
    for (const std::string& text : seen_texts(plan, hold.seen)) {
      if (!line.empty() && width_of(line) + 2 + width_of(text) > width) lines.push_back(std::exchange(line, ""));
      line += (line.empty() ? "" : "  ") + text;
    }
    if (!line.empty()) lines.push_back(line);
    std::string out;
    for (const std::string& one : lines) out += wrapped_at(indent() + saw.size(), one);
    return out.empty() ? out : std::string(indent(), ' ') + std::string(saw) + out.substr(indent() + saw.size());
  }

  std::string act_text(const StepLog& step, const plan::Action& action) const {
    std::string text = action.text;
    bool is_why = log.rollback && log.rollback->detail.find(step.detail) != std::string::npos;
    if (step.failed && is_why) text += fmt::format(": {}", style.bad("failed"));
    else if (step.failed) text += fmt::format(": {} {}", style.bad("failed,"), step.detail);
    else if (!step.ended) text += log.rollback || step.stopped ? ": stopped" : ": underway";
    else if (step.adopted) text += " (was so already)";
    if (step.attempts > 1) text += fmt::format(" ({} attempts)", step.attempts);
    if (step.reassertions > 0) text += fmt::format(" (set again {} times)", step.reassertions);
    return text;
  }

  /// One row of the plan: the actions in a line, then what its hold saw.
  std::string row(const Row& row) const {
    std::vector<std::string> acts;
    std::string holds;
    int64_t begin = -1, end = 0;
    for (uint32_t index : row.steps) {
      const StepLog* step = log.find({index, false});
      if (step == nullptr) continue;
      if (begin < 0) begin = step->begin_ns;
      end = std::max(end, step->ended || step->stopped || log.rollback ? step->end_ns : now_ns);
      bool approval = plan.steps[index].kind == plan::StepKind::Approval;
      bool at_once = exec::passes_at_once(plan.steps[index]);
      bool preflight = plan.steps[index].kind == plan::StepKind::Preflight;
      bool lock = plan.steps[index].kind == plan::StepKind::Lock;
      if (approval || at_once || preflight || lock) acts.push_back(plan.steps[index].text);
      if (approval) holds += approval_lines(*step);
      else if (at_once || lock) continue;
      else if (preflight || plan.steps[index].kind == plan::StepKind::Hold) holds += hold_lines(*step);
      else acts.push_back(act_text(*step, plan.steps[index].action));
    }
    if (begin < 0) return {};
    std::string name =
        row.phase == plan::none ? step_name(plan.steps[row.steps.front()]) : row_name(plan, row);
    bool shows = row.phase != plan::none && row.share_ppb && all_done(row);
    std::string share = shows ? eval::percent_text(*row.share_ppb) : "";
    std::string_view level = shows ? style.level(*row.share_ppb) : " ";
    return line(begin, end, name, share, level, join(acts, ", ")) + holds;
  }

  /// What sets a share has set it.
  bool all_done(const Row& row) const {
    return std::all_of(row.steps.begin(), row.steps.end(), [&](uint32_t index) {
      if (plan.steps[index].kind != plan::StepKind::Act) return true;
      const StepLog* step = log.find({index, false});
      return step != nullptr && step->ended && !step->failed;
    });
  }

  bool passed_commit() const {
    return std::any_of(log.steps.begin(), log.steps.end(), [&](const StepLog& step) {
      return !step.step.undo && plan.steps[step.step.step].kind == plan::StepKind::Commit;
    });
  }

  struct Undone {
    std::vector<std::string> acts;
    int64_t end_ns = 0;
    std::string verified;
  };
  /// What the rollback of one scope, or with `none` of the run, did.
  Undone undone(uint32_t scope, int64_t began_ns) const {
    Undone out{{}, began_ns, {}};
    for (const StepLog& step : log.steps) {
      bool check = journal::is_check(step.step);
      if (!step.step.undo || (check ? step.step.scope : step.scope) != scope) continue;
      if (check) {
        int64_t until = step.end_ns > 0 ? step.end_ns : now_ns;
        out.verified =
            line(step.begin_ns, until, "verify", "", " ", "everything is restored; is the service well?") +
            hold_lines(step);
        continue;
      }
      out.acts.push_back(act_text(step, plan.undo.at(step.step.step)));
      out.end_ns = std::max(out.end_ns, step.ended ? step.end_ns : now_ns);
    }
    return out;
  }

  /// The scopes that went back on their own.
  std::string scopes() const {
    std::string out;
    for (const ScopeLog& scope : log.scopes) {
      auto [acts, end, verified] = undone(scope.scope, scope.begin_ns);
      if (acts.empty()) acts.push_back("nothing had been changed");
      out += line(scope.begin_ns, end, "rollback", "", " ",
                  fmt::format("of {} alone: {}", plan::scope_text(plan, scope.scope), join(acts, ", then "))) +
             indented(scope.failed.detail) + indented(plan::left_out_text(plan, scope.scope)) + verified;
    }
    return out;
  }

  std::string way_back() const {
    if (!log.rollback) return {};
    auto [acts, end, verified] = undone(plan::none, log.rollback_ns);
    if (acts.empty()) acts.push_back(passed_commit() ? "nothing to undo since the commit" : "nothing had been changed");
    return line(log.rollback_ns, end, "rollback", "", " ", join(acts, ", then ")) + verified;
  }

  std::string timeline() const {
    Outline outline = outline_of(plan);
    std::vector<std::string> rows;
    for (const Row& one : outline.rows)
      if (std::string text = row(one); !text.empty()) rows.push_back(std::move(text));
    std::string out;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows.size() > max_phases && i == max_phases / 2) {
        out += fmt::format("  {} {} more\n", style.dots(), rows.size() - max_phases);
        i += rows.size() - max_phases;
      }
      out += rows[i];
    }
    return out + scopes() + way_back();
  }

  std::string cause() const {
    if (!log.rollback) return {};
    std::string out = paragraph("why", log.rollback->detail);
    if (std::optional<int64_t> back = log.traffic_back_ns())
      out += fmt::format("  way back  traffic was on the earlier version again {} after the decision\n",
                         short_duration(*back - log.rollback_ns));
    return out;
  }

  /// What a flag or a database is, by the steps that were seen done.
  std::string state_now(uint32_t subject, const Change& change) const {
    std::string now = from_text(change);
    for (const StepLog& step : log.steps) {
      bool acts = !journal::is_check(step.step) &&
                  (step.step.undo || plan.steps.at(step.step.step).kind == plan::StepKind::Act);
      if (!acts || !step.ended || step.failed) continue;
      const plan::Action& action = exec::action_of(plan, step.step);
      if (action.service != subject) continue;
      for (const plan::Setting& setting : action.sets)
        now = setting.value.is(eval::Value::Kind::None) ? "(nothing)" : eval::to_text(setting.value);
    }
    return now;
  }

  /// Which version has what share, by the steps that were seen done: `30% shop:1.1, 70% shop:1.0`.
  std::string serving(uint32_t service, const Change& change) const {
    // What was seen to run is said as it was seen: the steps on record do not account for it.
    for (const journal::Found& one : log.ended ? log.ended->found : std::vector<journal::Found>())
      if (one.service == service) return one.version.empty() ? "(nothing)" : one.version;
    if (change.subject != plan::Subject::Service) return state_now(service, change);
    std::string stable = change.from, canary;
    int64_t share_ppb = 0;
    for (const StepLog& step : log.steps) {
      bool acts = !journal::is_check(step.step) &&
                  (step.step.undo || plan.steps.at(step.step.step).kind == plan::StepKind::Act);
      if (!acts || !step.ended || step.failed) continue;
      const plan::Action& action = exec::action_of(plan, step.step);
      if (action.service != service) continue;
      share_ppb = exec::share_set_by(action).value_or(share_ppb);
      for (const plan::Setting& setting : action.sets) {
        if (setting.variable != plan::Variable::Version) continue;
        std::string version = setting.value.is(eval::Value::Kind::None) ? "" : setting.value.text;
        (setting.role == plan::Role::Canary ? canary : stable) = version;
      }
    }
    if (share_ppb == 0 || canary.empty() || canary == stable) return stable.empty() ? "(nothing)" : stable;
    std::string shown = fmt::format("{} {}", eval::percent_text(share_ppb), canary);
    if (share_ppb == eval::percent_all) return shown;
    return fmt::format("{}, {} {}", shown, eval::percent_text(eval::percent_all - share_ppb),
                       stable.empty() ? "(nothing)" : stable);
  }

  /// Who could not be told; who was told needs no line.
  std::string untold(const exec::State& state) const {
    std::string out;
    std::vector<std::string> teams;
    for (const journal::Notified& one : log.messages) {
      std::string team = one.message.substr(one.message.find('/') + 1);
      if (one.delivered || std::find(teams.begin(), teams.end(), team) != teams.end()) continue;
      teams.push_back(team);
      size_t count = 0;
      std::string last;
      for (const journal::Notified& other : log.messages)
        if (!other.delivered && other.message.ends_with("/" + team)) ++count, last = other.detail;
      std::string_view what = count == 1 ? "1 message did not reach" : "messages did not reach";
      std::string number = count == 1 ? "" : fmt::format("{} ", count);
      out += paragraph(out.empty() ? "messages" : "", fmt::format("{}{} {}: {}", number, what, team, last));
    }
    size_t open = state.outbox.size();
    if (open > 0 && !plan.channels.empty())
      out += paragraph(out.empty() ? "messages" : "", fmt::format("{} on the way, not known to have arrived", open));
    return out;
  }

  /// What users get while nobody moves anything.
  std::string now_serving(int64_t idle_ns) const {
    std::string out;
    std::string idle = idle_ns > 0 ? fmt::format("; for {} without a driver", short_duration(idle_ns)) : "";
    for (const Change& change : outline_of(plan).changes)
      out += fmt::format("  {:<9} {}: {}{}\n", out.empty() ? "now" : "", change.service,
                         serving(change.index, change), idle);
    return out;
  }

  std::string exposure(const exec::State& state, int64_t since_ns) const {
    std::string out;
    Outline outline = outline_of(plan);
    for (uint32_t i = 0; i < plan.services.size(); ++i) {
      // Users go on meeting the canary, whether anybody drives or not.
      int64_t met_ns = state.services[i].exposure_ns +
                       int64_t(__int128(state.services[i].share_ppb) * since_ns / eval::percent_all);
      if (met_ns == 0) continue;
      std::optional<int64_t> requests = log.canary_requests(i);
      std::string service = plan::service_text(plan.services[i]);
      if (plan.services[i].subject == plan::Subject::Flag) {
        out += fmt::format("  exposure  {} was on for {} of all users\n", service, short_duration(met_ns));
        continue;
      }
      const Change* change = outline.change_of(i);  // none: only a hook acts on it
      std::string counted = requests ? fmt::format(" ({} requests seen)", *requests) : "";
      out += fmt::format("  exposure  users of {} met {} for {} of full traffic{}\n", service,
                         change ? change->to : "its canary", short_duration(met_ns), counted);
    }
    return out;
  }

  /// What the run had brought stood between its success and the rollback of a person. The run's clock knows nothing of
  /// that time, and no share is told: all users had it.
  std::string after_success() const {
    if (log.after_success_ns == 0) return {};
    std::string out;
    for (const Change& change : outline_of(plan).changes) {
      if (!change.touched) continue;
      out += paragraph(out.empty() ? "exposure" : "",
                       fmt::format("{} stood at {} for {} more, from its success to the rollback, by the wall clock",
                                   change.service, to_text(change), short_duration(log.after_success_ns)));
    }
    return out;
  }

  /// What a person can say to a run that waits for an answer.
  std::string answers(const exec::State& state, std::string_view run) const {
    std::vector<exec::Question> open = exec::open_questions(plan, state);
    auto waits = [](const exec::Question& one) { return one.ask->phase != exec::ApprovalPhase::Approved; };
    if (std::none_of(open.begin(), open.end(), waits)) return {};
    return fmt::format(
        "  answer    rollout approve {0} --as NAME{1}\n            rollout reject {0} --as NAME --reason TEXT\n", run,
        time_to_answer(state));
  }

  /// What becomes of the question that is the first to run out of time; empty: none does, it rests.
  std::string time_to_answer(const exec::State& state) const {
    const plan::Approval* first = nullptr;
    int64_t left_ns = 0;
    for (const exec::Question& question : exec::open_questions(plan, state)) {
      int64_t its_ns = question.ask->since_ns + question.approval->timeout_ns - now_ns;
      bool rests = exec::is_resting(state.holds.at(question.step)) ||
                   question.ask->phase == exec::ApprovalPhase::Approved;
      if (rests || (first && left_ns <= its_ns)) continue;
      first = question.approval;
      left_ns = its_ns;
    }
    if (!first) return {};
    constexpr std::string_view then[] = {"parks", "goes back", "fails its gate"};
    return fmt::format("   within {}, else it {}", short_duration(std::max<int64_t>(left_ns, 0)),
                       then[size_t(first->on_timeout)]);
  }

  std::string next(const exec::State& state, std::string_view run, std::string_view driver) const {
    if (run.empty()) return {};
    if (log.ended) return after_end(run);
    if (state.rollback == exec::RollbackPhase::Withheld)
      return fmt::format("  next      rollout abort {}   goes back all the same\n", run);
    return answers(state, run) + go_on(state, run, driver);
  }
  /// Where a rollback leads that nothing on record speaks for.
  std::string goes_back_to(const exec::State& state) const {
    std::string out;
    for (const journal::BackTo& one : state.unproven)
      out += paragraph(out.empty() ? "back to" : "",
                       fmt::format("{} {}: {}{}", plan::service_text(plan.services.at(one.service)), one.version,
                                   one.why, one.held ? "; no rollback goes there by itself" : ""));
    return out;
  }
  std::string go_on(const exec::State& state, std::string_view run, std::string_view driver) const {
    if (state.paused)
      return fmt::format("{0}  next      rollout resume {1}   lifts the pause and goes on\n"
                         "            rollout abort {1}    takes it back\n",
                         driver.empty() ? "" : fmt::format("  driven by {}\n", driver), run);
    bool goes_back = log.abort || log.rollback || log.after_success_ns > 0;
    if (goes_back && driver.empty())
      return fmt::format("  next      rollout apply --resume {}   goes on taking it back\n", run);
    if (goes_back)
      return fmt::format("  driven by {}\n  next      rollout status {} --watch   follows it; it goes back already\n",
                         driver, run);
    if (!driver.empty())
      return fmt::format("  driven by {}\n  next      rollout abort {}   takes it back\n", driver, run);
    if (state.line && !state.overridden && !state.abort && state.phase == exec::RunPhase::Running)
      return fmt::format("  next      rollout start-the-line --reason TEXT   lets all runs go on\n"
                         "            rollout abort {}                       takes it back\n", run);
    return fmt::format(
        "  next      rollout apply --resume {}   goes on\n            rollout abort {}            takes it "
        "back\n",
        run, run);
  }
  std::string after_end(std::string_view run) const {
    if (log.ended->outcome == journal::Outcome::Succeeded) return {};
    return fmt::format("  next      rollout status {} --events   every event of it\n", run);
  }
};

}  // namespace

bool failed_preflight(const RunLog& log) {
  return std::any_of(log.steps.begin(), log.steps.end(), [&](const StepLog& step) {
    return step.failed && !step.step.undo && step.step.step != plan::none &&
           plan::in_preflight(log.plan, log.plan.steps[step.step.step]);
  });
}

bool failed_to_begin(const RunLog& log) {
  bool without = log.rollback && log.rollback->cause == journal::Cause::NoEvidence && log.steps.empty();
  return without && !log.captured && plan::captures(log.plan);
}

std::string_view outcome_text(const RunLog& log) {
  if (!log.ended && log.closed && log.closed->park && !log.interrupted) return "parked at close";
  if (!log.ended) return log.interrupted ? "interrupted" : "not ended, and nobody drives it,";
  switch (log.ended->outcome) {
    case journal::Outcome::Succeeded: return "succeeded";
    case journal::Outcome::RolledBack:
      if (failed_to_begin(log)) return "stopped before its first step, nothing was changed";
      return failed_preflight(log) ? "stopped by its preflight, nothing was changed" : "rolled back, completely";
    case journal::Outcome::Parked: return log.ended->left_behind ? behind_text : parked_text;
  }
  return "";
}

namespace {

bool is_paused(const RunLog& log) { return log.paused || (log.line && !log.overridden); }

}  // namespace

std::string timeline_text(const RunLog& log, const Style& style) { return Summary{log, style}.timeline(); }

std::string summary_text(const RunLog& log, const exec::State& state, std::string_view run,
                         const Style& style, std::string_view driver, int64_t since_ns,
                         std::string_view instead) {
  // Nobody writes down that time passes.
  Summary summary{log, style, log.now_ns + (driver.empty() ? 0 : since_ns)};
  std::string_view outcome = state.parked                      ? parked_text
                             : log.ended || driver.empty()     ? outcome_text(log)
                             : is_paused(log)                  ? "paused"
                                                               : "running";
  bool succeeded = log.ended && log.ended->outcome == journal::Outcome::Succeeded;
  std::string name = plan::rollout_text(log.plan);
  if (!run.empty()) name += fmt::format(" ({})", run);
  std::string out =
      fmt::format("\n{} {} after {}\n", style.bold(name),
                  succeeded ? style.good(outcome) : style.bad(outcome), short_duration(summary.now_ns));
  bool went_back = log.ended && log.ended->outcome == journal::Outcome::RolledBack;
  for (const Change& change : outline_of(log.plan).changes) {
    std::string back = went_back ? fmt::format(" {} {}", style.arrow(), from_text(change)) : "";
    out += fmt::format("  {}  {} {} {}{}\n", style.name(change.service), from_text(change), style.arrow(),
                       to_text(change), back);
  }
  out += "\n" + summary.timeline() + "\n" + summary.cause() + summary.exposure(state, since_ns) +
         summary.after_success();
  if (log.ended && log.ended->outcome == journal::Outcome::Parked)
    out += summary.now_serving(0) + summary.paragraph("what now", log.ended->detail);
  out += summary.untold(state);
  if (!log.ended) out += summary.goes_back_to(state);
  if (!log.ended && log.closed) out += summary.paragraph("calendar", log.closed->detail);
  if (log.paused) out += summary.paragraph("paused", fmt::format("by {}: {}", log.paused->by, log.paused->reason));
  if (log.line && log.overridden)
    out += summary.paragraph(
        "override", fmt::format("the line is stopped, and {} lets this run go on until {}: {}", log.overridden->by,
                                effects::utc_text(log.overridden->until_wall_ns), log.overridden->reason));
  else if (log.line)
    out += summary.paragraph("paused", fmt::format("the line is stopped by {}: {}; `rollout start-the-line "
                                                   "--reason TEXT` lets all runs go on",
                                                   log.line->by, log.line->reason));
  if (!log.ended)
    for (const auto& [endpoint, away] : state.away)
      out += summary.paragraph(
          "away", fmt::format("{} does not answer since {}: {}; steps leave it alone, up to {} at a time", endpoint,
                              clock_text(away.since_ns), away.detail, eval::duration_text(exec::most_alone_ns)));
  for (const Outage& outage : log.outages)
    if (!log.ended)
      out += fmt::format("  metrics   samples of {} do not count since {}: {}\n",
                         log.plan.targets.at(outage.target).name, clock_text(outage.since_ns), one_line(outage.detail));
  if (!log.ended && driver.empty()) {
    out += state.parked ? summary.paragraph("why", state.parked->detail) : "";
    out += "  state     traffic stays as it is; nothing is lost\n" + summary.now_serving(since_ns);
    if (!log.in_flight.empty())
      out += fmt::format("  in flight {}; a resume looks first and does nothing twice\n", one_line(log.in_flight));
  }
  if (!log.ended && driver.empty() && !instead.empty()) return out + summary.paragraph("next", instead);
  return out + summary.next(state, run, driver);
}

}  // namespace rollout::cli
