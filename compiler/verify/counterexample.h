// Counterexample: how a finding comes about: a run of the plan, and the world that leads there. The proofs say where a
// finding shows; from that the path follows here, for people, and the world, for the simulator that runs it.
// Always true: the same plan gives the same counterexamples, with the same ids.
#pragma once

#include <optional>

#include "compiler/base/witness.h"
#include "compiler/plan/plan.h"

namespace rollout::verify {

struct Finding;

/// Where in a plan a finding shows; `none` of what it is not about.
struct Site {
  uint32_t step = plan::none;
  uint32_t gate = plan::none;
  uint32_t condition = plan::none;
  uint32_t watch = plan::none;
  uint32_t service = plan::none;
  uint32_t scope = plan::none;            ///< of a rollback that is that scope's own
  uint32_t slow = plan::none;             ///< a service that has not come as far as it may have
  uint32_t beside = plan::none;           ///< what is declared and not kept,
  std::string other = {};                 ///< and what it meets: a version, or a schema
  uint32_t target = plan::none;
  bool goes_back = false;                 ///< it shows while what `step` did is taken back
  uint32_t fails = plan::none;            ///< a step whose part goes back alone for it
  std::vector<uint32_t> undone = {};      ///< undo actions that are done after `step`, in order
};

/// How long actions take. AtOnce: no time; Once: all the time of one attempt; Worst: that of every attempt they have.
enum class Pace { AtOnce, Once, Worst };

/// What a signal is from the beginning of a step on; `none`: from the beginning of the run.
struct Said {
  uint32_t signal = plan::none;
  plan::Role role = plan::Role::All;
  double value = 0;  ///< in the unit of plan::Condition
  uint32_t from_step = plan::none;
};

/// Everything else is as it should be: signals are healthy, people answer at once.
struct World {
  Pace forward = Pace::AtOnce, back = Pace::AtOnce;
  uint32_t slow = plan::none;       ///< a service each of whose actions takes all the time of one attempt
  uint32_t stops_at = plan::none;   ///< once this step has had its effect somebody aborts the run,
  bool fails = false;               ///< or it fails, and its scope goes back;
  bool half_done = false;           ///< of its effect only the first part is there then
  bool late_answers = false;        ///< people answer when their time is almost over
  bool late_locks = false;          ///< another run holds each lock for almost as long as it is waited for
  bool late_gates = false;          ///< gates pass, and only when their holds have been extended for as long as may be
  bool empty_cohorts = false;       ///< nobody is in a cohort
  std::optional<int64_t> start_wall_ns = std::nullopt;  ///< when it begins; nothing: when it may
  std::vector<Said> said = {};
};

struct Counterexample {
  std::string id;
  World world;
  std::vector<Moment> path;
};

/// The name of the diagnostic that reports the finding.
std::string_view name_of(const Finding& finding);

/// Of a finding that has its id already.
Counterexample counterexample_of(const plan::Plan& plan, const Finding& finding);

/// Of all findings of a plan so many are told with their paths; of the others a path is made when somebody asks.
inline constexpr size_t max_explained = 100;
/// Of one path; a longer one has a gap in the middle, and says so.
inline constexpr size_t max_moments = 200;

/// Gives each finding its id, and the first ones their counterexamples.
void explain(const plan::Plan& plan, std::vector<Finding>& findings);

/// The one with this id, or null.
const Finding* find(const std::vector<Finding>& findings, std::string_view id);

}  // namespace rollout::verify
