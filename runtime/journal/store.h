// Store: where plans, runs and their events live. For the engine, which appends, and for other processes, which
// read and leave requests. Always true: a call that returned success is durable; a call that returned an error
// changed nothing, or an append that is repeated finds out; events of a run are never changed or reordered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/clock.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/claims.h"
#include "runtime/journal/event.h"
#include "runtime/journal/promotion.h"
#include "runtime/journal/snapshot.h"

namespace rollout::journal {

struct NewRun {
  std::string rollout;     ///< name of the rollout, for lists
  std::string plan_bytes;  ///< canonical JSON; what a resumed run executes
  std::string plan_hash;
  std::vector<std::string> services;  ///< plan::service_text of each of Plan::services, in order
  std::string holder;
  int64_t wall_ns = 0;
  std::string replaces = {}, reason = {};      ///< as of RunStarted
  std::vector<int64_t> seen_generations = {};  ///< of each service, in its backend: this run's is higher
  std::optional<StageOf> stage = {};           ///< of a promotion, which then stands in it
  std::string accepted = {}, by = {};          ///< as of RunStarted
  std::vector<BackTo> unproven = {};           ///< as of RunStarted
};

inline int64_t seen_generation(const NewRun& run, size_t service) {
  return service < run.seen_generations.size() ? run.seen_generations[service] : 0;
}

struct RunInfo {
  std::string run;  ///< `r12`, given by the store
  std::string rollout;
  std::string plan_hash;
  int64_t created_wall_ns = 0;
  std::vector<Generation> generations;
  std::optional<Outcome> outcome;  ///< none: not ended
  int64_t events = 0;
};

inline bool takes_back(Ask ask) { return ask == Ask::Abort || ask == Ask::Replace || ask == Ask::Rollback; }

/// The mailbox that every run reads beside its own: only Pause and Resume are asked there.
inline constexpr std::string_view line_mailbox = "line";

struct Request {
  int64_t id = 0;  ///< given by the store; only grows
  Ask ask = Ask::Abort;
  std::string by;
  std::string reason;
  int64_t wall_ns = 0;
  uint32_t step = plan::none;  ///< of Approve and Reject: the step that waits
  std::string holder = {};     ///< of Approve and Reject: who typed it
  bool line = false;           ///< it was found in line_mailbox
  int64_t minutes = 0;         ///< of Override: for how long, from `wall_ns` on
};

/// What became of an append. AbortFirst: nothing was written, because the events end the run as succeeded and
/// somebody has asked to abort it. LockHeld: nothing was written, because they take a lock that is held.
enum class Appended { Written, AbortFirst, LockHeld };

/// A lock that a run holds. Its rows change with the events of that run, all or nothing.
struct HeldLock {
  std::string name;
  std::string run;
};

/// The lock that the events take; at most one, and nothing is given back in front of it.
inline const LockTaken* taken_by(const std::vector<Event>& events) {
  for (const Event& event : events)
    if (const LockTaken* taken = std::get_if<LockTaken>(&event.what)) return taken;
  return nullptr;
}

/// Whether the events say that the run succeeded: what an abort on record forbids.
inline bool end_well(const std::vector<Event>& events) {
  const RunEnded* ended = events.empty() ? nullptr : std::get_if<RunEnded>(&events.back().what);
  return ended != nullptr && (ended->outcome == Outcome::Succeeded || ended->left_behind);
}

class Store {
 public:
  virtual ~Store() = default;

  /// Makes the run, gives each service its next generation and records RunStarted, all or nothing. A plan that
  /// was run before is refused, and so is a stage of a promotion that was aborted or driven by somebody else.
  virtual Result<RunInfo> create(const NewRun& run) = 0;

  /// Adds events in one commit. `known` is how many events the caller has read or written; another number in the
  /// store means that somebody else drives the run: refused. Repeating a call that did happen succeeds. An abort
  /// that is durable wins over success: one of the two calls, this one or `request`, finds the other. `snapshot`: of
  /// the run behind these events, kept in the same commit instead of the one before; empty: none. A run that ends
  /// keeps none.
  virtual Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events,
                                  std::string_view snapshot = {}) = 0;

  /// All events of a run. A broken chain is an error of this run only.
  virtual Result<std::vector<Event>> read(std::string_view run) = 0;
  /// For whoever goes on with the run: its snapshot, if that fits the events, and those behind it, whose chain is whole
  /// from the snapshot's last event on. Otherwise as read().
  virtual Result<Recent> read_on(std::string_view run) = 0;
  /// Of a run or a promotion, which has no plan.
  virtual Result<Chain> chain(std::string_view run) = 0;
  virtual Result<Chain> chain_end(std::string_view run) = 0;  ///< without rows: its cost does not grow with the run

  virtual Result<std::string> plan_bytes(std::string_view run) = 0;

  virtual Result<std::vector<RunInfo>> list() = 0;                           ///< newest first
  virtual Result<std::optional<RunInfo>> info(std::string_view run);         ///< nothing: there is no such run

  /// Durable when it returns. Refused for a run that has ended. An abort of a promotion is one of its open run, too.
  /// `run` may be line_mailbox.
  virtual Result<int64_t> request(std::string_view run, const Request& request) = 0;
  /// Of the run and of line_mailbox, in the order in which they were left.
  virtual Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) = 0;

  /// The locks that runs hold now. A run that nobody drives holds its locks until it goes on or is taken back.
  virtual Result<std::vector<HeldLock>> locks() = 0;

  /// Null: nobody else can act (a simulation).
  virtual Claims* claims() { return nullptr; }
  /// Has news when somebody asks something of the run, or of all runs, or (an empty name) leaves a run to others.
  /// Null: requests are looked for from time to time, and that is all.
  virtual effects::Waker* listen(std::string_view /*run*/) { return nullptr; }

  /// The generation that the next run of `service` will get.
  virtual Result<int64_t> next_generation(std::string_view service) = 0;

  /// Makes the promotion and gives it its name, `p3`. Its events and its mailbox are used as those of a run.
  virtual Result<std::string> begin(const PromotionBegun& begun, int64_t wall_ns) = 0;
  virtual Result<Appended> append_to(std::string_view promotion, int64_t known, const PromotionEvent& event) = 0;
  virtual Result<std::vector<PromotionEvent>> read_promotion(std::string_view promotion) = 0;
  /// Newest first.
  virtual Result<std::vector<PromotionInfo>> promotions() = 0;
};

}  // namespace rollout::journal
