// State: all that the engine knows of a run. For the executor, which decides from it, and for views. It is the fold
// of the journal's events and nothing else, so a process that takes over knows exactly what the last one knew.
// All times are on the run clock, which stands still while no process drives the run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/judge/evidence.h"
#include "compiler/plan/way_back.h"
#include "runtime/exec/frontier.h"
#include "runtime/exec/latches.h"
#include "runtime/exec/lifecycle.h"
#include "runtime/exec/message.h"
#include "runtime/exec/scope_state.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

using journal::StepRef;

/// What is known about one condition. Evidence gathers over the whole run; the rest is of the current hold.
struct ConditionState {
  std::optional<judge::Evidence> evidence;  ///< of a `proven` condition over counts
  judge::Block seen;                        ///< all that went into the evidence
  int in_a_row_true = 0;  ///< samples; a sample without data neither counts nor breaks the row
  int in_a_row_false = 0;
  int64_t valid = 0;   ///< samples with data in this hold
  int64_t closed = 0;  ///< samples in this hold
  int64_t last_valid_ns = 0;
  journal::ReadingStatus last_status = journal::ReadingStatus::NoData;
  std::string last_detail;  ///< why the last sample had no data
  // The block that is being gathered: counts since the last sample of the owning gate.
  judge::Block block;
  bool block_broken = false;
  bool left_seen = false, right_seen = false;  ///< in this block
  std::string quiet_detail;                    ///< why an arm had nothing new at its last reading
  double left_value = 0, right_value = 0;  ///< last seen
  std::string left_said;                   ///< what its source has said of that value; empty: nothing
  std::optional<journal::PastReading> past;  ///< of a condition with a baseline, once it is captured
  bool last_true = false;
};

struct SamplerState {
  int64_t last_ns = 0;                     ///< when its last interval ended
  int64_t samples = 0;                     ///< in this hold
  std::map<plan::Role, int64_t> requests;  ///< counted in this hold
};

struct WatchState {
  SamplerState sampler;
  std::optional<int64_t> held_since_ns;
  bool fired = false;
};

struct GateState {
  GatePhase phase = GatePhase::Gathering;
  SamplerState sampler;
  int64_t sampled_ns = 0;  ///< when its last sample ended; 0: it had none in this hold
};

/// What a hold asks people, and who has said yes. Of an approval, or of one of the gates that judge the hold.
struct Ask {
  ApprovalPhase phase = ApprovalPhase::Asked;
  int64_t since_ns = 0;
  std::vector<std::string> approved;        ///< members who have; each once
  bool escalated = false;                   ///< others may answer as well
  std::optional<journal::GateAsked> about;  ///< of a gate: what they decide over
};

/// The hold that runs now: of a step, or the check after a rollback. A wait for an approval is a hold without gates.
struct HoldState {
  StepRef step;
  int64_t started_ns = 0;
  int64_t last_sample_ns = 0;
  std::map<uint32_t, GateState> gates;
  std::map<uint32_t, Ask> asks;               ///< by gate; none: what an approval asks
  std::optional<journal::Rejected> rejected;  ///< a latch
};

/// What one service is set to by what this run has finished, and how much of the canary was shown to users.
struct ServiceState {
  int64_t generation = 0;
  int64_t share_ppb = 0;  ///< of the canary and of who is routed to it, or of a flag's users; being raised, the higher
  int64_t own_share_ppb = 0, routed_ppb = 0;  ///< its parts
  int64_t exposure_ns = 0;  ///< share times time, as a duration of full traffic
  int64_t unseen_ns = 0;    ///< of the exposure: since a sample last had data of it
  // Set again where it is lost; not what a later action has set in part, which would be set back with it.
  std::optional<StepRef> router;  ///< the last finished action that set a share
  std::optional<StepRef> routes;  ///< the last one that set cohorts
};

struct PhaseState {
  PhaseStatus status = PhaseStatus::Pending;
  uint32_t open = 0;  ///< of its steps: those that are not done
};

struct State {
  std::string plan_hash;
  std::string author;  ///< who started the run
  std::vector<journal::BackTo> unproven;  ///< as of RunStarted
  RunPhase phase = RunPhase::Running;
  RollbackPhase rollback = RollbackPhase::None;
  std::optional<journal::Captured> captured;
  std::vector<StepState> steps;
  Frontier frontier;  ///< of `steps`
  std::vector<StepState> undo;
  std::vector<PhaseState> phases;
  std::vector<ConditionState> conditions;
  std::vector<WatchState> watches;
  std::vector<ServiceState> services;
  std::vector<ScopeState> scopes;
  std::vector<uint32_t> scope_of;       ///< by step: plan::scopes_of_steps
  std::vector<bool> locks;              ///< of Plan::locks: held by this run
  std::vector<uint32_t> failed_scopes;  ///< in the order in which they failed; none lies in another
  std::map<StepRef, HoldState> holds;  ///< those that run
  uint32_t furthest = plan::none;      ///< the furthest step that has begun
  plan::WayBack way;          ///< once the rollback has started: what it undoes
  int64_t rollback_ns = 0;    ///< when it started
  int64_t verify_ns = 0;      ///< when the check after it started
  std::string verify_detail;  ///< what that check found
  std::optional<journal::Cause> cause;
  std::string cause_detail;
  std::optional<Abort> abort;  ///< a latch: never cleared
  std::optional<journal::Paused> paused, line;  ///< latches: of this run, and of all runs
  std::optional<journal::LineOverridden> overridden;  ///< while it holds, a stop of the line does not
  int64_t override_end_ns = 0;                        ///< of it, on the run clock, less the time without a driver since
  std::map<std::string, Away> away;                    ///< by endpoint: what does not answer this process
  int64_t last_request = 0;
  std::optional<journal::CalendarClosed> closed;  ///< since then no step has begun
  bool interrupted = false;  ///< stopped by a signal and not resumed yet
  /// The step that needs a hand, the first of them; what runs beside it goes on to its end.
  std::optional<journal::Parked> parked;
  std::vector<Message> outbox;  ///< messages that have not come to their end
  int64_t events = 0;
  int64_t run_ns = 0;  ///< of the last event
  int64_t wall_ns = 0;
  std::optional<journal::RunEnded> ended;
  Walked walked;  ///< all moves but those of attempts and of breakers, which the journal does not hold

  StepState& at(StepRef ref) { return ref.undo ? undo.at(ref.step) : steps.at(ref.step); }
  const StepState& at(StepRef ref) const {
    return ref.undo ? undo.at(ref.step) : steps.at(ref.step);
  }
};

}  // namespace rollout::exec
