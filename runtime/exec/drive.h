// drive: carries out what the executor asks for, until the run has ended or is interrupted. The only loop that
// moves a run; live and in simulation. Always true: every event is durable before the next effect; a store that is
// away for a while stops effects, not the run.
#pragma once

#include <functional>
#include <string>

#include "runtime/effects/clock.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/message.h"
#include "runtime/exec/snapshot.h"
#include "runtime/exec/world.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

/// How often requests of other processes are looked for while nothing else is to do.
inline constexpr int64_t request_poll_ns = 500'000'000;
/// The same where the store says when there are some: often enough to keep what is claimed.
inline constexpr int64_t told_poll_ns = 1'000'000'000;
/// How long messages are waited for at the end: of a run that has ended or is parked, and of one that was interrupted.
inline constexpr int64_t farewell_ns = 15'000'000'000, short_farewell_ns = 2'000'000'000;
/// What passes between two moments at which the driver looks or records, beside the sleep that it asked for: more is
/// time without a driver. In calls of the world and commits, beside a hold: each takes a few seconds at most.
inline constexpr int64_t max_gap_ns = 3'000'000'000, max_call_ns = 10'000'000'000;
/// A store that stays away for longer ends the driving; the run can be resumed.
inline constexpr int64_t max_store_away_ns = 3'600'000'000'000;

/// Views and notifications. Called for each event once, in order, after it is durable.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_event(const journal::Event& event, const State& state) = 0;
  /// Progress that is not recorded: `3 of 4 instances ready`; `the disk is full …`.
  virtual void on_progress(journal::StepRef, const std::string&) {}
  virtual void on_trouble(const std::string&) {}
  /// The run wants a lock that the run `holder` holds.
  virtual void on_waiting(const std::string& /*lock*/, const std::string& /*holder*/) {}
  /// What the world did by itself: `checkout-g3-1 ended; it is started again`.
  virtual void on_tended(const std::string&) {}
};

struct Surroundings {
  effects::Clock& clock;
  journal::Store& store;
  World& world;
  Listener& listener;
  /// Requests to stop so far: 1 stops in order, 2 at once.
  std::function<int()> interrupts;
  std::string holder;  ///< who drives, for the journal
  int64_t poll_ns = request_poll_ns;
  Messenger* messenger = nullptr;  ///< null: nobody is told anything
  int64_t snapshot_tail = exec::snapshot_tail;  ///< events behind a snapshot before another one is made
};

enum class DriveEnd { Ended, Interrupted };

struct DriveResult {
  DriveEnd end = DriveEnd::Ended;
  State state;    ///< `state.ended` says how an ended run ended
  Walked walked;  ///< rows of the life cycles that this process took
};

/// An error means: the journal could not be read or written. What is in it is resumable.
Result<DriveResult> drive(const plan::Plan& plan, const std::string& run,
                          Surroundings surroundings);

}  // namespace rollout::exec
