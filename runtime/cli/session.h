// Session: driving one run from the command line: locks, store and world opened, the engine's loop, the view,
// the summary and the exit code. For apply, abort and resume, which differ only in how they come to a run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/planning.h"
#include "runtime/cli/run_log.h"
#include "runtime/exec/state.h"
#include "runtime/journal/store.h"
#include "runtime/notify/outbox.h"

namespace rollout::cli {

/// The project's state, and the right to act on the services of a plan for as long as this exists.
struct Session {
  const Context& context;
  const Planned& planned;
  std::unique_ptr<journal::Store> store;
  journal::Claimed claims;
  std::string holder;
  journal::Claims* beside = nullptr;  ///< of the promotion that the run is a part of
};

/// Refused when another process acts on one of the services. `run`: the one to drive; empty: it is yet to begin.
Result<Session> open_session(const Context& context, const Planned& planned, std::string_view run = {});

/// Who acts on one of the services now. An error: the state does not answer; whoever drives may go on all the same.
Result<std::optional<effects::Holder>> find_driver(journal::Store& store, const std::vector<std::string>& services);
/// The same; nobody, too, when that cannot be found out.
std::optional<effects::Holder> driver_of(journal::Store& store, const plan::Plan& plan);
std::optional<effects::Holder> driver_of(journal::Store& store, const std::vector<std::string>& services);

/// What history knows the plan's services by.
std::vector<std::string> service_names(const plan::Plan& plan);
/// What whoever drives the plan claims: its services; where it has none, the plan itself, which is run once.
std::vector<std::string> claim_names(const plan::Plan& plan);

/// The newest run that has not ended and touches one of the services.
std::optional<journal::RunInfo> unfinished_run(const std::vector<journal::RunInfo>& runs,
                                               const std::vector<std::string>& services);

/// A run by its name; the error lists what there is.
Result<journal::RunInfo> find_run(const std::vector<journal::RunInfo>& runs, const std::string& name);

/// The runs of the project that the command stands in, the newest first.
struct AllRuns {
  Project project;
  std::unique_ptr<journal::Store> store;  ///< null: nothing was ever recorded
  std::vector<journal::RunInfo> runs;
};
/// What is wrong has been said when there is none.
struct AllRunsOrExit {
  std::optional<AllRuns> found;
  int exit_code = Ok;
};
AllRunsOrExit open_runs(const Context& context);

/// A run that a person named, in the project that the command stands in.
struct NamedRun {
  Project project;
  std::unique_ptr<journal::Store> store;
  journal::RunInfo run;
};
/// What is wrong has been said when there is none.
struct NamedRunOrExit {
  std::optional<NamedRun> found;
  int exit_code = Ok;
};
/// The run `name`; without one the newest. An empty name is a name: an unset variable of a shell aborts nothing.
NamedRunOrExit open_run(const Context& context, const std::optional<std::string>& name);

/// The plan that a run executes.
Result<Planned> planned_of(journal::Store& store, const journal::RunInfo& run, const Project& project);

/// The code that `apply` ends with for what became of a run; of one that goes on, or was interrupted: Ok.
int code_of_outcome(const RunLog& log, const exec::State& state);

/// Drives `run` until it ends or is interrupted, shows it, and says with which code the command ends.
int drive_run(Session& session, const std::string& run);

/// Whether somebody else should go on with the run: it was stopped, and waits for nobody's hand.
bool goes_on(journal::Store& store, const Planned& planned, const std::string& run);

/// The ways to the teams of a plan; of those that cannot be used, why not.
std::vector<Result<notify::Webhook>> channels_of(const Context& context, const Planned& planned);

/// Looks at every target and measures every signal once, so that what is not there is said before anything is
/// changed.
Status look_before_acting(const Context& context, const Planned& planned, journal::Store& store);

}  // namespace rollout::cli
