// Scenario: what is true in the simulated world and what goes wrong in it, as data. For `simulate`, for `test`
// blocks and for the fault campaigns. The same plan, scenario and seed give the same run to the bit.
// Times are nanoseconds since the start of the run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/store.h"
#include "runtime/sim/fault.h"

namespace rollout::sim {

/// From `at_ns` on the true value is `value`, in the unit of plan::Condition (ppb, ns or plain).
struct Change {
  int64_t at_ns = 0;
  double value = 0;
  bool lost = false;  ///< nobody can tell the value any more: readings have no data
};

/// The truth about one signal for one role. What is said of Role::All holds for stable and canary where they say
/// nothing themselves. Changes are in order of time; before the first one the default holds.
struct Truth {
  uint32_t signal = plan::none;
  plan::Role role = plan::Role::All;
  std::vector<Change> changes;
};

/// The truth about one signal before the run. What is not said is as the stable version is when the run starts, with
/// the deviation that chance alone gives to counts, and of other values a twentieth of them.
struct PastTruth {
  uint32_t signal = plan::none;
  std::optional<double> mean, deviation;
  bool lost = false;  ///< nobody can tell
};
inline constexpr double default_deviation = 0.05;  ///< of the mean, of what is not counted

// Defaults of what a scenario does not say: a service is healthy unless told otherwise. A percentage that the plan
// only asks to be high (`availability >= 99.9%` in a requirement, `< 99%` in a rejection or a watch) is high, as
// counts and as a gauge; every other percentage counts what goes wrong or fills up, and is low. A number of things that
// is to be high is as high as the plan asks for.
inline constexpr double default_error_ppb = 500'000;        ///< 0.05% of requests, for counts
inline constexpr double default_duration_ns = 100'000'000;  ///< 100ms
inline constexpr double default_percent_ppb = 0;            ///< gauges in percent
inline constexpr double default_good_counts_ppb = 999'900'000;    ///< 99.99%, where high is healthy
inline constexpr double default_good_percent_ppb = 1'000'000'000; ///< 100%, where high is healthy
inline constexpr double default_capacity = 1'000;  ///< instances; and a rollback has just been rehearsed
inline constexpr int64_t default_traffic_uhz =
    100'000'000;  ///< 100/s, where the service declares none

/// The load on a service: from `at_ns` on so many requests come; before the first change as many as the plan says.
struct Load {
  uint32_t service = plan::none;
  std::vector<Change> changes;  ///< ascending; of requests a second, in millionths
  int64_t period_ns = 0;        ///< all of it comes again after so long; 0: never
  int64_t offset_ns = 0;        ///< how far into it the run starts
};

/// A person answers an approval, so long after the run began to wait for it.
struct Answer {
  std::string by;
  int64_t after_ns = 0;
  bool reject = false;
  uint32_t phase = plan::none;  ///< only approvals of this phase; none: any that the person may give
  uint32_t given = plan::none;
};

/// What a person types at a moment: Pause, Resume, Override, Abort or Rollback.
struct Hand {
  int64_t at_ns = 0;
  journal::Ask ask = journal::Ask::Pause;
  bool line = false;  ///< to all runs
  int64_t minutes = 0;  ///< of Override
};

/// Another run holds the lock between these moments.
struct LockElsewhere {
  std::string name;
  int64_t from_ns = 0;
  int64_t until_ns = 0;
  uint32_t given = plan::none;
};

/// The process dies in this phase, behind the intent of its first step.
struct CrashInPhase {
  uint32_t phase = plan::none;
  uint32_t given = plan::none;
};

struct Scenario {
  uint64_t seed = 0;
  bool noisy = false;  ///< counts and values vary by chance, from `seed`
  bool drifts = false;  ///< what is true wanders, too, so that what is read now is like what was just read
  std::vector<Load> loads;
  std::vector<Truth> truths;
  std::vector<PastTruth> past;
  std::vector<Fault> faults;
  std::vector<Answer> answers;  ///< nobody else answers
  std::string author;  ///< who starts the run; empty: somebody of no team
  std::vector<uint32_t> held;  ///< services whose version that runs when it starts is held
  std::vector<std::string> unreachable;  ///< teams that no message reaches
  std::optional<int64_t> abort_at_ns;
  bool abort_at_success = false;  ///< an abort becomes durable just before the run's success would
  std::string abort_reason = "scripted";
  std::optional<int64_t> start_wall_ns;  ///< what the wall clock shows when the run starts
  std::vector<int64_t> resume_at_ns;  ///< a person goes on with the run then, where it is parked; in order
  std::vector<LockElsewhere> locks;
  std::vector<Hand> hands;  ///< in order of time
  std::optional<int64_t> reopen_after_ns;  ///< so long after its success the run is taken back
  std::optional<int64_t> interrupt_at_ns;  ///< Ctrl-C once; the run is resumed after `downtime_ns`
  std::vector<int64_t>
      crash_at;  ///< operations (see SimResult::operations) at which the process dies
  std::vector<int64_t> crash_at_ns;     ///< moments at which the process dies; ascending
  std::vector<CrashInPhase> crash_in_phase;
  int64_t downtime_ns = 5'000'000'000;  ///< until another process takes over
  int64_t settle_ns = 0;                ///< how long every action takes
  bool empty_cohorts = false;           ///< nobody is in them: what is routed gets no traffic
  size_t at_once = 1;                   ///< as World::at_once
  std::optional<int64_t> snapshot_tail; ///< events behind a snapshot before another one; nothing: as ever
  std::optional<int64_t> limit_ns;  ///< it is looked at for so long; nothing: to its end
  int64_t max_events = 500'000;     ///< a run that records more is left there; some 300 MB
};

/// When a plan may begin, from a moment on: its calendar is open, and no policy forbids it.
int64_t begins_at(const plan::Plan& plan, int64_t wall_ns);
/// When the run starts, on the wall clock.
int64_t start_of(const plan::Plan& plan, const Scenario& scenario);

}  // namespace rollout::sim
