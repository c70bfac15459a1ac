// Scopes of rollback: parts of a plan that go back on their own. For the planner, the engine and the previews.
// Always true: a scope is a run of steps that stand side by side; two scopes nest or have no step in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollout::plan {

struct Plan;
struct Step;

inline constexpr uint32_t none = UINT32_MAX;  ///< "no index" for the uint32_t indices of a plan

struct Rollback {
  int64_t within_ns = 0;                ///< until traffic and versions are restored
  uint32_t verify_gate = none;          ///< index into Plan::gates
  int64_t verify_within_ns = 0;
  std::vector<uint32_t> told;           ///< channels that hear of it
  std::string place = {};               ///< `release.rollout:12`, where `within` is written; empty: nowhere
  int64_t kept_ns = 0;                  ///< of a run: how long after its success it may go back; 0: as is usual
};

/// What follows when a scope has failed and gone back. Rollback: what is around it goes back, too. Stop: nothing begins
/// any more and the run is parked. Continue: the others go on while at most `at_most` of its group have failed.
/// Checkpoint: the run is parked at the checkpoint in front of it; resumed, it begins the scope anew.
enum class OnFailure { Rollback, Stop, Continue, Checkpoint };

/// A round of a loop, a branch of `parallel` or a phase that the file lets go back on its own; or what lies between a
/// checkpoint and the next one, a commit or the end.
struct UndoScope {
  OnFailure on_failure = OnFailure::Rollback;
  int64_t at_most = 0;        ///< of Continue
  uint32_t parent = none;     ///< the scope around it, an earlier one; none: the whole run
  uint32_t group = none;      ///< the first scope of the same loop or block
  uint32_t first_step = 0, last_step = 0;
  Rollback rollback;
  std::string place;          ///< `release.rollout:12`, where the rule is written
  std::vector<uint32_t> needs = {};  ///< of Stop and Continue: earlier scopes; when one fails, this never begins
};

inline constexpr int64_t max_retries = 100;

/// Behind a commit, where nothing goes back: an action that has failed is tried so many times more, then the run parks.
struct Retry {
  int64_t times = 0;       ///< 0: there is none
  int64_t every_ns = 0;
  uint32_t from_step = 0;  ///< the commit; what comes after it and lies in no scope is tried again
};

/// What undoes a step's service as far as the entry of a scope, where that is not the start of the run.
struct ScopeUndo {
  uint32_t scope = none;
  std::vector<uint32_t> undo;  ///< indices into Plan::undo, in order
};

/// By step: the innermost scope that it lies in, or none.
std::vector<uint32_t> scopes_of_steps(const Plan& plan);

/// `scope` is `outer` or lies in it; everything lies in `none`, the whole run.
bool lies_in(const Plan& plan, uint32_t scope, uint32_t outer);

/// The innermost scope that holds the step `last_step`, too, from `scope` outwards.
uint32_t scope_around(const Plan& plan, uint32_t scope, uint32_t last_step);

/// What undoes the step's service as far as the entry of `scope`.
const std::vector<uint32_t>& undo_to(const Step& step, uint32_t scope);

/// What comes after it may begin although it has gone back.
bool goes_on(const UndoScope& scope);

/// `scope` needs `other`, itself or through others, or lies in one that does.
bool needs(const Plan& plan, uint32_t scope, uint32_t other);

/// It lies behind a checkpoint, and the run is parked there when it fails.
bool is_behind_checkpoint(const Plan& plan, uint32_t scope);

/// The services that it changes: `checkout["eu-1"]`, `cart, search and 3 more`.
std::string scope_text(const Plan& plan, uint32_t scope);

/// `one that fails goes back, the others go on; …`: the rule in words.
std::string on_failure_text(const UndoScope& scope);
/// What follows once it has gone back: `the others go on, unless more than 2 have failed`.
std::string follows_text(const Plan& plan, uint32_t scope);
/// The scopes that never begin because it has failed, since they need it; of nested ones the outermost.
std::vector<uint32_t> left_out(const Plan& plan, uint32_t scope);
/// The same for people: `not begun, since it needs that: cart, front and 3 more`; else empty.
std::string left_out_text(const Plan& plan, uint32_t scope);

}  // namespace rollout::plan
