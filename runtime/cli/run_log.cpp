#include "runtime/cli/run_log.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "runtime/cli/style.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

bool same(const plan::Term& a, const plan::Term& b) {
  return a.signal == b.signal && a.role == b.role && a.quantile_ppb == b.quantile_ppb;
}

bool counts(const plan::Plan& plan, const plan::Term& term) {
  return plan.signals[term.signal].evidence == plan::Evidence::Counts;
}

}  // namespace

StepLog& RunLog::at(journal::StepRef step) {
  auto [place, begins] = places_.try_emplace(step, steps.size());
  if (begins) {
    steps.push_back({step});
    steps.back().begin_ns = now_ns;
  }
  return steps[place->second];
}

const StepLog* RunLog::find(journal::StepRef step) const {
  auto place = places_.find(step);
  return place == places_.end() ? nullptr : &steps[place->second];
}

void RunLog::watch_sources(const journal::Sampled& sample) {
  std::map<uint32_t, std::string> asked;  // by target: why one of its readings failed, or nothing
  for (const journal::TermReading& reading : sample.readings) {
    std::string& why = asked[plan.signals[reading.term.signal].target];
    if (why.empty() && reading.status == journal::ReadingStatus::Error) why = reading.detail;
  }
  for (const auto& [target, why] : asked) {
    auto known = std::find_if(outages.begin(), outages.end(),
                              [target = target](const Outage& outage) { return outage.target == target; });
    if (known == outages.end() && !why.empty()) {
      outages.push_back({target, now_ns, why});
      news.push_back(fmt::format("samples of {} do not count: {}", plan.targets[target].name, why));
    }
    if (known == outages.end() || !why.empty()) continue;
    news.push_back(fmt::format("samples of {} count again, after {}", plan.targets[target].name,
                               short_duration(now_ns - known->since_ns)));
    outages.erase(known);
  }
}

void RunLog::add_sample(const journal::Sampled& sample) {
  if (sample.prime) return;
  watch_sources(sample);
  StepLog& hold = at(sample.hold);
  for (const journal::TermReading& reading : sample.readings) {
    auto known = std::find_if(hold.seen.begin(), hold.seen.end(),
                              [&](const Seen& s) { return same(s.term, reading.term); });
    if (known == hold.seen.end()) known = hold.seen.insert(hold.seen.end(), {reading.term});
    if (reading.status != journal::ReadingStatus::Ok) {
      ++known->blind;
      continue;
    }
    bool is_value = plan.signals[reading.term.signal].evidence == plan::Evidence::Value;
    if (!is_value && reading.total == 0) continue;
    ++known->readings;
    known->total += reading.total;
    known->bad += reading.bad;
    known->value = reading.value;
  }
}

namespace {

void stop_open(std::vector<StepLog>& steps, int64_t now_ns) {
  for (StepLog& step : steps)
    if (!step.ended) step.stopped = true, step.end_ns = now_ns;
}

}  // namespace

void RunLog::add(const journal::Event& event) {
  // What comes behind the end are messages, which are no part of the run.
  if (!ended) now_ns = std::max(now_ns, event.run_ns);
  news.clear();
  struct Adder {
    RunLog& log;
    const journal::Event& event;
    void end(StepLog& step, const std::string& detail) {
      step.end_ns = event.run_ns;
      step.detail = detail;
    }
    void operator()(const journal::RunStarted& e) { log.holder = e.holder, log.started_wall_ns = event.wall_ns; }
    void operator()(const journal::Resumed& e) {
      log.downtime_ns += e.downtime_ns;
      if (!e.why.empty()) return;
      log.holder = e.holder, ++log.resumed;
      log.interrupted = false, log.closed.reset(), log.in_flight.clear();
    }
    void operator()(const journal::StepStarted& e) { log.begin_step(e); }
    void operator()(const journal::StepDone& e) {
      StepLog& step = log.at(e.step);
      step.ended = true, step.adopted = e.adopted;
      end(step, e.detail);
    }
    void operator()(const journal::StepFailed& e) {
      StepLog& step = log.at(e.step);
      step.ended = step.failed = e.last;
      end(step, e.detail);
    }
    void operator()(const journal::Reasserted& e) { ++log.at(e.step).reassertions; }
    void operator()(const journal::Sampled& e) { log.add_sample(e); }
    void operator()(const journal::GateDecided& e) {
      StepLog& hold = log.at(e.hold);
      hold.verdicts.push_back(e);
      hold.end_ns = event.run_ns;
    }
    void operator()(const journal::WatchFired& e) { log.watches.push_back(e); }
    void operator()(const journal::AbortRequested& e) { log.abort = e; }
    std::optional<journal::Paused>& latch(bool line) { return line ? log.line : log.paused; }
    void operator()(const journal::Paused& e) { latch(e.line) = e; }
    void operator()(const journal::Unpaused& e) { log.lift(e.line); }
    void operator()(const journal::LineOverridden& e) { log.overridden = e; }
    void operator()(const journal::RequestVoid&) {}
    void operator()(const journal::OverrideEnded&) { log.overridden.reset(); }
    void operator()(const journal::Reopened&) { log.reopen(event.wall_ns); }
    void operator()(const journal::Approved& e) { log.at(e.step).approved.push_back(e); }
    void operator()(const journal::Rejected& e) { log.at(e.step).rejected = e; }
    void operator()(const journal::GateAsked& e) { log.at(e.hold).asked.push_back(e); }
    void operator()(const journal::Notified& e) { log.messages.push_back(e); }
    void operator()(const journal::Escalated& e) { log.at(e.step).escalated = true; }
    void operator()(const journal::Parked& e) {
      if (e.step.step != plan::none) log.at(e.step).detail = e.detail;
    }
    void operator()(const journal::ScopeRollbackStarted& e) { log.begin_scope(e); }
    void operator()(const journal::ScopeVerifyStarted& e) { log.at({plan::none, true, e.scope}).attempts = 1; }
    void operator()(const journal::ScopeEnded& e) { log.end_scope(e); }
    void operator()(const journal::Interrupted& e) { log.interrupted = true, log.in_flight = e.in_flight; }
    void operator()(const journal::RollbackStarted& e) { log.begin_rollback(e); }
    void operator()(const journal::RollbackWithheld&) { log.closed.reset(), stop_open(log.steps, log.now_ns); }
    void operator()(const journal::VerifyStarted&) { log.at(journal::verification).attempts = 1; }
    void operator()(const journal::Captured& e) { log.captured = e; }
    void operator()(const journal::LockTaken&) {}
    void operator()(const journal::LockReleased&) {}
    void operator()(const journal::EndpointAway&) {}
    void operator()(const journal::EndpointBack&) {}
    void operator()(const journal::RunEnded& e) { log.end(e, event.wall_ns); }
    void operator()(const journal::CalendarClosed& e) { log.closed = e; }
  };
  std::visit(Adder{*this, event}, event.what);
}

void RunLog::end(const journal::RunEnded& e, int64_t wall_ns) {
  ended = e;
  succeeded_wall_ns.reset();
  if (e.outcome == journal::Outcome::Succeeded) succeeded_wall_ns = wall_ns;
}

void RunLog::reopen(int64_t wall_ns) {
  ended.reset();
  if (succeeded_wall_ns) after_success_ns = std::max<int64_t>(wall_ns - *succeeded_wall_ns, 0);
}

void RunLog::lift(bool of_line) {
  (of_line ? line : paused).reset();
  if (of_line) overridden.reset();
}

void RunLog::begin_step(const journal::StepStarted& started) {
  closed.reset();
  StepLog& step = at(started.step);
  step.attempts = started.attempt;
  step.ended = step.failed = step.stopped = false;  // what stands behind a checkpoint may begin again
  if (started.step.undo && !rollback) step.scope = scope_undone_by(started.step.step);
}

void RunLog::end_scope(const journal::ScopeEnded& ended_scope) {
  for (ScopeLog& scope : scopes)
    if (scope.scope == ended_scope.scope) scope.ended = ended_scope, scope.end_ns = now_ns;
}

void RunLog::begin_rollback(const journal::RollbackStarted& started) {
  for (StepLog& step : steps)
    if (!step.ended) step.end_ns = now_ns;
  outages.clear();
  closed.reset();
  paused.reset();
  line.reset();
  overridden.reset();
  rollback = started;
  rollback_ns = now_ns;
}

void RunLog::begin_scope(const journal::ScopeRollbackStarted& failed) {
  scopes.push_back({failed.scope, failed, std::nullopt, now_ns, now_ns});
  const plan::UndoScope& of = plan.scopes.at(failed.scope);
  for (StepLog& step : steps) {
    bool inside = !step.step.undo && of.first_step <= step.step.step && step.step.step <= of.last_step;
    if (!inside || step.ended) continue;
    step.stopped = true;
    step.end_ns = now_ns;
  }
}

/// Of those that go back now; a service is in one of them at most.
uint32_t RunLog::scope_undone_by(uint32_t undo) const {
  for (size_t i = scopes.size(); i-- > 0;) {
    const plan::UndoScope& of = plan.scopes[scopes[i].scope];
    for (uint32_t step = of.first_step; step <= of.last_step; ++step) {
      const std::vector<uint32_t>& list = plan::undo_to(plan.steps[step], scopes[i].scope);
      if (std::find(list.begin(), list.end(), undo) != list.end()) return scopes[i].scope;
    }
  }
  return plan::none;
}

std::optional<int64_t> RunLog::canary_requests(uint32_t service) const {
  std::optional<int64_t> total;
  uint32_t signal = plan::none;
  for (const StepLog& step : steps)
    for (const Seen& seen : step.seen) {
      bool canary = seen.term.role == plan::Role::Canary && counts(plan, seen.term);
      if (!canary || plan.signals[seen.term.signal].service != service) continue;
      if (signal == plan::none) signal = seen.term.signal;
      if (seen.term.signal == signal) total = total.value_or(0) + seen.total;
    }
  return total;
}

std::optional<int64_t> RunLog::traffic_back_ns() const {
  for (const StepLog& step : steps) {
    bool back = step.step.undo && !journal::is_check(step.step) && step.scope == plan::none;
    if (!back || !step.ended || step.failed) continue;
    std::optional<int64_t> share = exec::share_set_by(plan.undo.at(step.step.step));
    bool service = plan.services[plan.undo.at(step.step.step).service].subject == plan::Subject::Service;
    if (service && share && *share == 0) return step.end_ns;
  }
  return std::nullopt;
}

bool RunLog::changed_something() const {
  return std::any_of(steps.begin(), steps.end(), [&](const StepLog& step) {
    return !step.step.undo && plan.steps.at(step.step.step).kind == plan::StepKind::Act;
  });
}

std::string value_text(const plan::Plan& plan, const plan::Term& term, double value) {
  using Kind = eval::Value::Kind;
  Kind unit = plan.signals[term.signal].unit;
  if (unit == Kind::Percent) return short_percent(value);
  if (unit == Kind::Duration) return short_duration(int64_t(value));
  return fmt::format("{:.4g}", value);
}

std::string signal_text(const plan::Plan& plan, const plan::Term& term) {
  const plan::Signal& signal = plan.signals[term.signal];
  if (term.quantile_ppb == 0) return signal.name;
  return fmt::format("{}({})", signal.name, eval::percent_text(term.quantile_ppb));
}

std::string seen_text(const plan::Plan& plan, const Seen& seen) {
  std::string role = seen.term.role == plan::Role::All
                         ? ""
                         : fmt::format("{} ", journal::word(journal::role_names, seen.term.role));
  if (seen.readings == 0) return role + "no data";
  if (!counts(plan, seen.term)) return role + value_text(plan, seen.term, seen.value);
  double share = seen.total == 0 ? 0 : double(seen.bad) / double(seen.total) * double(eval::percent_all);
  return fmt::format("{}{}/{} {}", role, seen.bad, seen.total, short_percent(share));
}

std::vector<std::string> seen_texts(const plan::Plan& plan, const std::vector<Seen>& seen) {
  std::vector<std::pair<std::string, std::string>> signals;
  for (const Seen& one : seen) {
    std::string name = signal_text(plan, one.term);
    auto known = std::find_if(signals.begin(), signals.end(),
                              [&](const auto& signal) { return signal.first == name; });
    if (known == signals.end()) signals.emplace_back(name, seen_text(plan, one));
    else known->second += ", " + seen_text(plan, one);
  }
  std::vector<std::string> texts;
  for (const auto& [name, text] : signals) texts.push_back(fmt::format("{} {}", name, text));
  return texts;
}

std::vector<std::string> captured_texts(const plan::Plan& plan, const journal::Captured& captured) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < captured.baselines.size() && i < plan.baselines.size(); ++i) {
    const plan::Baseline& baseline = plan.baselines[i];
    const journal::PastReading& past = captured.baselines[i];
    const plan::Term term{baseline.signal, plan::Role::All, baseline.quantile_ppb};
    std::string counted = past.total > 0 ? fmt::format("{}/{} ", past.bad, past.total) : "";
    texts.push_back(fmt::format("{} {}{}, deviation {}", baseline.text, counted, value_text(plan, term, past.mean),
                                value_text(plan, term, past.deviation)));
  }
  for (const journal::ObservedNow& now : captured.observed)
    texts.push_back(fmt::format("{} is {}", now.what, now.text));
  return texts;
}

}  // namespace rollout::cli
