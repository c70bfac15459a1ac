// Planning: from what a person named, a source file or a saved plan, to a Plan with its bytes and hash. For all
// commands that need a plan. Whatever goes wrong has been said on standard error before a function returns.
#pragma once

#include <optional>
#include <string>

#include "compiler/plan/planner.h"
#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/cli/timings.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

struct Planned {
  Project project;
  plan::Plan plan;
  std::string bytes;
  std::string hash;
  bool saved = false;  ///< read from a file, not made just now
};

/// A plan, or the stages of the promotion that was named instead, or the exit code of the command.
struct PlanOrExit {
  std::optional<Planned> planned;
  int exit_code = Ok;
  std::vector<plan::Stage> stages = {};
};

/// The project that `--project` names, which must be there; else `own`.
Result<Project> project_for(const Context& context, const Project& own);

/// `--set name=text`, in order.
Result<std::vector<std::pair<std::string, std::string>>> inputs_of(const Context& context);

enum class Look { World, Nowhere };

/// The first argument is a source file or, where that is allowed, a saved plan; the second names the rollout or a
/// promotion.
PlanOrExit plan_from_arguments(const Context& context, Look look, bool saved_allowed, Timings& timings);

/// One environment of a promotion, to be planned. What was given when it began holds for all of it.
struct StageRequest {
  Place place;
  plan::Stage stage;
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<plan::ObservedDigest> digests = {};  ///< that the first plan found
};
PlanOrExit plan_stage(const Context& context, Look look, const StageRequest& request, Timings& timings);

PlanOrExit load_saved_plan(const Context& context, const std::string& typed);

/// What runs of the plan's services, and the generations of their last runs.
Result<plan::Snapshot> look_at_world(const Context& context, const plan::Plan& plan, const Project& project);

/// The migrations of the plan's databases, which are files of the project; nothing that runs is looked at.
Result<std::vector<plan::ObservedMigrations>> migrations_of(const Context& context, const plan::Plan& plan,
                                                            const Project& project);

/// The values that a plan observed, looked at again: refused when one of them differs.
Status check_observed(const plan::Plan& plan, const plan::Snapshot& now);

/// Where the state is, for people.
std::string state_place(const Context& context, const Project& project);

/// Opens the state; nothing when there is none yet and `create` is not set.
Result<std::unique_ptr<journal::Store>> open_store(const Context& context, const Project& project, bool create);

}  // namespace rollout::cli
