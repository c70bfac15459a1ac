// Event: what happened in a run, as data. For the engine (which folds events into its state), for views and for
// history. The set is closed and versioned; events are appended and never changed. An event says what is known
// to have happened or what is intended next, never what somebody hoped for.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/event_away.h"
#include "runtime/journal/event_back.h"

namespace rollout::journal {

inline constexpr int format_version = 1;

/// A step of a plan: an index into Plan::steps, or into Plan::undo. `{none, true}` is the check after a rollback, of
/// the run or of a scope; `{none, false, scope}` is a scope as a whole.
struct StepRef {
  uint32_t step = plan::none;
  bool undo = false;
  uint32_t scope = plan::none;  ///< index into Plan::scopes; only of a check, or of a scope as a whole
  auto operator<=>(const StepRef&) const = default;
};
inline constexpr StepRef verification{plan::none, true};
constexpr bool is_check(StepRef step) { return step.undo && step.step == plan::none; }

/// The number that a run has within one service; it only grows.
struct Generation {
  std::string service;  ///< as plan::identity_of has it
  int64_t number = 0;
};

struct RunStarted {
  std::string plan_hash, holder;        ///< who drives it: `user@host, process 4711`
  std::vector<Generation> generations;  ///< one for each of Plan::services, in order
  std::string replaces = {}, reason = {};  ///< the run that was taken back for this one; of a hot fix: why
  std::string accepted = {};            ///< versions that were held and that a person lets through, as people read it
  std::string by = {};                  ///< the author: who started it, by their own word; empty: the holder's account
  std::vector<BackTo> unproven = {};    ///< of what runs when it begins: what no run of this record has brought well
  bool says_void = false;               ///< what is asked of it and comes to nothing is in its events, too
};

/// What one of Plan::baselines was. In the unit of its signal, as plan::Condition has it.
struct PastReading {
  double mean = 0;       ///< of counts: of all requests of the window; of buckets: the quantile of the window
  double deviation = 0;  ///< standard deviation of the parts
  int64_t parts = 0;     ///< that have data
  int64_t total = 0, bad = 0;  ///< of counts
};

/// A value of Plan::observed that is read again `at run start`. In the unit of its kind; 0 of an image.
struct ObservedNow {
  std::string what;  ///< as of plan::Observed
  std::string text;  ///< for people: `shop:1.4`, `none`
  int64_t number = 0;
};

/// What a run reads once, before its first step, and never again: it stands for the whole run, whoever drives it.
struct Captured {
  std::vector<PastReading> baselines;  ///< one for each of Plan::baselines, in order
  std::vector<ObservedNow> observed;   ///< those of Plan::observed that are read `at run start`, in order
};

/// Another process took over, or the same one goes on after time in which it could look at nothing. `downtime_ns` is
/// time without a driver: of the wall clock, and of the monotonic one where the process is the same.
struct Resumed {
  std::string holder;
  int64_t downtime_ns = 0;
  std::string why = {};  ///< the same process: what kept it from looking; empty: another one
};

/// The intent: durable before the effect. Of a hold: the hold begins.
struct StepStarted {
  StepRef step;
  int attempt = 1;
  std::string key;  ///< the effect's key; empty for a hold
};

struct StepDone {
  StepRef step;
  int attempt = 1;
  bool adopted = false;  ///< the world showed it already: this process did nothing
  std::string detail;
};

/// One attempt failed. `last`: there will be no other. `unknown`: whether it took effect could not be seen.
/// `untouched`: it only looked, and has called nothing that could take effect.
struct StepFailed {
  StepRef step;
  int attempt = 1;
  bool last = false;
  bool unknown = false;
  std::string detail;
  bool untouched = false;
};

/// The world lost what a finished step had set, and it is set again: the intent, as StepStarted is.
struct Reasserted {
  StepRef step;
  int attempt = 1;
  std::string key;
  std::string detail;
};

enum class ReadingStatus { Ok, NoData, Error };

struct TermReading {
  plan::Term term;
  ReadingStatus status = ReadingStatus::NoData;
  std::string detail;
  int64_t total = 0;
  int64_t bad = 0;
  double value = 0;
};

/// One look at the signals during a hold. A first look (`prime`) only sets the counters' starting points.
struct Sampled {
  StepRef hold;
  bool prime = false;
  int64_t elapsed_ns = 0;         ///< of the hold, on the run clock
  std::vector<uint32_t> gates;    ///< whose sampling interval ends here
  std::vector<uint32_t> watches;  ///< whose sampling interval ends here, or begins with a first look
  std::vector<TermReading> readings;
};

enum class Verdict { Pass, Fail, NoEvidence };
enum class Reason { None, NoData, Undecided, Error };

struct GateDecided {
  StepRef hold;
  uint32_t gate = plan::none;
  Verdict verdict = Verdict::NoEvidence;
  Reason reason = Reason::None;  ///< of NoEvidence
  bool unproven = false;         ///< passed because the plan says so, without evidence
  std::string detail;            ///< the conditions and what was measured
};

struct WatchFired {
  uint32_t watch = plan::none;
  std::string detail;
};

struct AbortRequested {
  int64_t request = 0;  ///< id in the mailbox
  std::string by;
  std::string reason;
  bool replaced = false;  ///< a newer run takes its place
  bool rollback = false;  ///< as `rollout rollback` asks: the version is bad, not only the moment
};

/// A person wants no further step to begin. What has begun goes on to its end, gates and watches judge as before.
struct Paused {
  int64_t request = 0;  ///< id in the mailbox
  std::string by;
  std::string reason;
  bool line = false;    ///< of every run of the project, not of this one alone
};
/// The pause is lifted.
struct Unpaused {
  int64_t request = 0;
  std::string by;
  std::string reason;
  bool line = false;
};

/// What one process asks of the driver of a run. Replace: an abort, because a newer run takes its place. Rollback: an
/// abort, because the version is bad. Resume: lifts a pause. Override: the run goes on though the line is stopped.
enum class Ask { Abort, Approve, Reject, Replace, Pause, Resume, Rollback, Override };

/// What somebody asked came to nothing. It is never looked at again, nor by whoever takes the run over.
struct RequestVoid {
  int64_t request = 0;  ///< id in the mailbox
  Ask ask = Ask::Abort;
  std::string by, reason, detail;  ///< who asked, their reason, and why nothing came of it
};

/// A run that had succeeded goes back after all: from here on it has not ended. Nothing of it goes forward again.
struct Reopened {
  std::string by;
  std::string reason;
};

/// A member of the team has answered the approval that the step waits for. Each member counts once.
struct Approved {
  StepRef step;
  int64_t request = 0;  ///< id in the mailbox
  std::string by;       ///< the member
  std::string reason;
  std::string holder;   ///< who typed it: `anna@host, process 4711`
};
struct Rejected {
  StepRef step;
  int64_t request = 0;
  std::string by;
  std::string reason;
  std::string holder;
};

/// A gate came to a verdict that people are to decide over. From here on members of the team may answer its hold.
struct GateAsked {
  StepRef hold;
  uint32_t gate = plan::none;
  Verdict verdict = Verdict::NoEvidence;
  Reason reason = Reason::None;
  std::string detail;  ///< as of GateDecided: what they decide over
};

/// Nobody has answered for so long that others are asked as well.
struct Escalated {
  StepRef step;
  uint32_t gate = plan::none;  ///< that asks; none: the step is an approval
};

/// A message to a team has come to its end: it was taken, or nothing is tried any more. It may come after RunEnded.
struct Notified {
  std::string message;  ///< its id within the run: number of the event that it tells of, and the team: `12/sre`
  bool delivered = false;
  int attempts = 0;
  std::string detail;   ///< why it was not delivered
};

/// The run has stopped where it is and needs a hand. It has not ended: it can be resumed, which tries again, or
/// aborted.
struct Parked {
  StepRef step;
  std::string detail;
};

/// The driver stopped on a signal. The world stays as it is; the run can be resumed.
struct Interrupted {
  std::string by;
  std::string in_flight;  ///< what had been set going and is not known to be complete, as last seen; may be empty
};

/// The plan's calendar is closed while a step wants to begin. Steps that have begun go on, and so do gates and watches.
struct CalendarClosed {
  bool park = false;           ///< the driver stops; otherwise it waits for the opening
  int64_t opens_wall_ns = 0;   ///< 0: never, as far as anybody can see
  std::string detail;          ///< what is closed, and when it opens, for people
};

struct VerifyStarted { uint32_t gate = plan::none; };

/// A scope has failed and goes back to its entry, while the run goes on.
struct ScopeRollbackStarted {
  uint32_t scope = plan::none;
  Cause cause = Cause::StepFailed;
  std::string detail;
};

struct ScopeVerifyStarted {
  uint32_t scope = plan::none;
  uint32_t gate = plan::none;
};

/// The rollback of a scope is over. `restored`: it is as it was at its entry; otherwise it needs a hand.
struct ScopeEnded {
  uint32_t scope = plan::none;
  bool restored = false;
  std::string detail;
};

/// From here on the run holds the lock: the store takes the event only while nobody holds it, this run neither.
/// RunEnded gives back what is held still.
struct LockTaken {
  uint32_t lock = plan::none;  ///< index into Plan::locks
  std::string name;
};
struct LockReleased {
  uint32_t lock = plan::none;
  std::string name;
};

enum class Outcome { Succeeded, RolledBack, Parked };
struct RunEnded {
  Outcome outcome = Outcome::Parked;
  std::string detail;
  bool left_behind = false;  ///< of Parked: all is done but scopes that have gone back on their own
  std::vector<Found> found = {};  ///< of Parked: what was seen to run, where it is not what ran before the run
};

using Payload = std::variant<RunStarted, Resumed, StepStarted, StepDone, StepFailed, Reasserted, Sampled, GateDecided,
                             WatchFired, AbortRequested, Interrupted, RollbackStarted, VerifyStarted, RunEnded,
                             CalendarClosed, Approved, Rejected, Parked, GateAsked, Escalated, Notified,
                             ScopeRollbackStarted, ScopeVerifyStarted, ScopeEnded, Captured, LockTaken, LockReleased,
                             Paused, Unpaused, Reopened, EndpointAway, EndpointBack, LineOverridden, OverrideEnded,
                             RollbackWithheld, RequestVoid>;

/// `run_ns` counts only time with a driver, so a crash never shortens a hold; `wall_ns` is for people.
struct Event {
  int64_t run_ns = 0;
  int64_t wall_ns = 0;
  Payload what;
};

}  // namespace rollout::journal
