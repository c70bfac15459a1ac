// RunLog: what happened in a run, gathered event by event for people: when each step ran, what each gate saw,
// how the way back went. For the views; the engine's State says what is, this says what was.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/event.h"

namespace rollout::cli {

/// What was read of one term during one hold: counts are summed up, values are the last one.
struct Seen {
  plan::Term term;
  int64_t total = 0, bad = 0;
  double value = 0;
  int64_t readings = 0;  ///< with data
  int64_t blind = 0;     ///< without
};

struct StepLog {
  journal::StepRef step;
  int64_t begin_ns = 0, end_ns = 0;
  bool ended = false, failed = false, adopted = false;
  int attempts = 0;
  int reassertions = 0;
  uint32_t scope = plan::none;   ///< of an undo: the scope that it takes back
  bool stopped = false;          ///< its scope has failed while it was underway
  std::string detail;
  std::vector<Seen> seen;                        ///< of a hold
  std::vector<journal::GateDecided> verdicts;    ///< of a hold
  std::vector<journal::GateAsked> asked;         ///< of a hold: what its gates asked people
  std::vector<journal::Approved> approved;       ///< of an approval, or of what a gate asked
  std::optional<journal::Rejected> rejected;
  bool escalated = false;
};

/// A scope that has failed.
struct ScopeLog {
  uint32_t scope = plan::none;
  journal::ScopeRollbackStarted failed;
  std::optional<journal::ScopeEnded> ended;
  int64_t begin_ns = 0, end_ns = 0;
};

/// A metrics source whose samples do not count at the moment.
struct Outage {
  uint32_t target = 0;
  int64_t since_ns = 0;
  std::string detail;  ///< why
};

struct RunLog {
  explicit RunLog(const plan::Plan& of) : plan(of) {}

  void add(const journal::Event& event);

  /// Null when it has not begun.
  const StepLog* find(journal::StepRef step) const;
  /// Requests that the canary of `service` was seen to answer; nothing where no signal counts them.
  std::optional<int64_t> canary_requests(uint32_t service) const;
  /// When the canary's traffic was back at nothing during the rollback.
  std::optional<int64_t> traffic_back_ns() const;
  bool changed_something() const;

  const plan::Plan& plan;
  std::optional<journal::Captured> captured;
  std::vector<StepLog> steps;          ///< in the order in which they began, undo and verification too
  std::string holder;
  int64_t started_wall_ns = 0;
  int64_t resumed = 0, downtime_ns = 0;
  std::vector<ScopeLog> scopes;        ///< in the order in which they failed
  std::optional<journal::RollbackStarted> rollback;
  int64_t rollback_ns = 0;             ///< when it started
  std::optional<journal::AbortRequested> abort;
  std::optional<journal::Paused> paused, line;  ///< in force
  std::optional<journal::LineOverridden> overridden;
  std::vector<journal::WatchFired> watches;
  std::optional<journal::RunEnded> ended;
  std::vector<journal::Notified> messages;  ///< that came to their end
  std::vector<Outage> outages;
  std::vector<std::string> news;       ///< what the last event changed about them, a line each
  std::optional<int64_t> succeeded_wall_ns;
  int64_t after_success_ns = 0;        ///< by the wall clock: for so long it stood as succeeded, and then went back
  bool interrupted = false;
  std::optional<journal::CalendarClosed> closed;  ///< since then no step has begun
  std::string in_flight;               ///< of an interrupted run: what was set going and not seen complete
  int64_t now_ns = 0;                  ///< run clock of the last event

 private:
  StepLog& at(journal::StepRef step);
  void lift(bool of_line);
  void end(const journal::RunEnded& e, int64_t wall_ns);
  void reopen(int64_t wall_ns);
  void begin_step(const journal::StepStarted& started);
  void end_scope(const journal::ScopeEnded& ended_scope);
  void begin_scope(const journal::ScopeRollbackStarted& failed);
  void begin_rollback(const journal::RollbackStarted& started);
  uint32_t scope_undone_by(uint32_t undo) const;
  void add_sample(const journal::Sampled& sample);
  void watch_sources(const journal::Sampled& sample);

  std::map<journal::StepRef, size_t> places_;  ///< in `steps`
};

/// `canary 21/412 5.1%`, `canary 132ms`.
std::string seen_text(const plan::Plan& plan, const Seen& seen);
/// One text for each signal: `error_rate canary 21/412 5.1%, stable 0/3702 0%`.
std::vector<std::string> seen_texts(const plan::Plan& plan, const std::vector<Seen>& seen);
std::string signal_text(const plan::Plan& plan, const plan::Term& term);
std::string value_text(const plan::Plan& plan, const plan::Term& term, double value);
/// What a run keeps from its start, a text each: `baseline(1h) error_rate 360/360000 0.1%, deviation 0.02%`.
std::vector<std::string> captured_texts(const plan::Plan& plan, const journal::Captured& captured);

}  // namespace rollout::cli
