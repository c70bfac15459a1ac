#include "runtime/cli/session.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/plan/older_plan.h"
#include "compiler/plan/plan_json.h"
#include "runtime/backend/live_world.h"
#include "runtime/cli/fenced_world.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/history.h"
#include "runtime/cli/look.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/record.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/snapshot.h"

namespace rollout::cli {

namespace {

/// People said no, or nothing.
bool was_refused(const exec::State& state) {
  return state.cause == journal::Cause::Rejected || state.cause == journal::Cause::Unapproved;
}

bool waits_for_hand(const exec::State& state) { return state.parked && !state.interrupted; }

}  // namespace

int code_of_outcome(const RunLog& log, const exec::State& state) {
  if (!state.ended) return waits_for_hand(state) ? NeedsHand : Ok;
  switch (state.ended->outcome) {
    case journal::Outcome::Succeeded: return Ok;
    // Everything is as it was, and a person has still to say what now.
    case journal::Outcome::RolledBack:
      if (failed_preflight(log) || failed_to_begin(log)) return Environment;
      if (state.abort && state.abort->replaced) return Refused;
      return was_refused(state) ? NeedsHand : RolledBack;
    case journal::Outcome::Parked: return NeedsHand;
  }
  return NeedsHand;
}

namespace {

int exit_code_of(const Context& context, const RunLog& log, const exec::DriveResult& result) {
  if (result.end != exec::DriveEnd::Interrupted && result.state.ended) return code_of_outcome(log, result.state);
  if (waits_for_hand(result.state)) return NeedsHand;
  int code = context.env.interrupt_code();
  return code == 0 ? int(NeedsHand) : code;
}

std::vector<plan::Term> all_terms(const plan::Plan& plan) {
  std::vector<plan::Term> terms;
  for (const plan::Condition& condition : plan.conditions) {
    terms.push_back(condition.left);
    if (condition.right) terms.push_back(*condition.right);
  }
  return terms;
}

}  // namespace

std::vector<std::string> service_names(const plan::Plan& plan) {
  std::vector<std::string> names;
  for (const plan::Service& service : plan.services) names.push_back(plan::identity_of(plan, service));
  return names;
}

std::vector<std::string> claim_names(const plan::Plan& plan) {
  std::vector<std::string> names = service_names(plan);
  if (names.empty()) names.push_back(fmt::format("plan {}", plan::hash_of(plan::to_json(plan))));
  return names;
}

Result<Session> open_session(const Context& context, const Planned& planned, std::string_view run) {
  Result<std::unique_ptr<journal::Store>> store = open_store(context, planned.project, true);
  if (!store) return store.error();
  // In one order everywhere, so that two rollouts of the same services never wait for each other in a circle.
  std::vector<std::string> names = claim_names(planned.plan);
  std::sort(names.begin(), names.end());
  std::string holder = effects::holder_text();
  Result<journal::Claimed> claims = journal::Claimed::take(*(*store)->claims(), names, holder, run);
  if (!claims) return claims.error();
  return Session{context, planned, std::move(*store), std::move(*claims), std::move(holder)};
}

Result<std::optional<effects::Holder>> find_driver(journal::Store& store, const std::vector<std::string>& services) {
  for (const std::string& service : services) {
    Result<std::optional<effects::Holder>> holder = store.claims()->claimant(service);
    if (!holder && holder.error().retryable) return holder.error();
    if (holder && *holder) return std::move(*holder);
  }
  return std::optional<effects::Holder>();
}

std::optional<effects::Holder> driver_of(journal::Store& store, const std::vector<std::string>& services) {
  Result<std::optional<effects::Holder>> driver = find_driver(store, services);
  return driver ? std::move(*driver) : std::nullopt;
}

std::optional<effects::Holder> driver_of(journal::Store& store, const plan::Plan& plan) {
  return driver_of(store, claim_names(plan));
}

std::optional<journal::RunInfo> unfinished_run(const std::vector<journal::RunInfo>& runs,
                                               const std::vector<std::string>& services) {
  for (const journal::RunInfo& run : runs) {
    if (run.outcome) continue;
    for (const journal::Generation& generation : run.generations)
      if (std::find(services.begin(), services.end(), generation.service) != services.end()) return run;
  }
  return std::nullopt;
}

Result<journal::RunInfo> find_run(const std::vector<journal::RunInfo>& runs, const std::string& name) {
  std::vector<std::string_view> names;
  for (const journal::RunInfo& run : runs) {
    if (run.run == name) return run;
    names.push_back(run.run);
  }
  std::string known = names.empty() ? "this project has none" : "there are " + list_of(names);
  return OpError{fmt::format("there is no run `{}`; {}", name, known)};
}

namespace {

struct ProjectState {
  Project project;
  std::unique_ptr<journal::Store> store;  ///< null: nothing was ever recorded
};
struct ProjectStateOrExit {
  std::optional<ProjectState> found;
  int exit_code = Ok;
};

Result<std::unique_ptr<journal::Store>> look_at_store(const Context& context, const Project& project) {
  Result<std::unique_ptr<journal::SqlStore>> store = look_at_state(context, project);
  if (!store) return store.error();
  return std::unique_ptr<journal::Store>(std::move(*store));
}

ProjectStateOrExit open_project_state(const Context& context, bool looks) {
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return {std::nullopt, context.fail(Usage, project.error().message)};
  Result<std::unique_ptr<journal::Store>> store =
      looks ? look_at_store(context, *project) : open_store(context, *project, false);
  if (!store) return {std::nullopt, context.fail(store.error())};
  return {ProjectState{std::move(*project), std::move(*store)}, Ok};
}

}  // namespace

AllRunsOrExit open_runs(const Context& context) {
  ProjectStateOrExit state = open_project_state(context, true);
  if (!state.found) return {std::nullopt, state.exit_code};
  AllRuns all{std::move(state.found->project), std::move(state.found->store), {}};
  if (!all.store) return {std::move(all), Ok};
  Result<std::vector<journal::RunInfo>> runs = all.store->list();
  if (!runs) return {std::nullopt, context.fail(runs.error())};
  all.runs = std::move(*runs);
  return {std::move(all), Ok};
}

namespace {

NamedRunOrExit named_run(const Context& context, const std::optional<std::string>& name, bool looks) {
  auto exit = [](int code) { return NamedRunOrExit{std::nullopt, code}; };
  ProjectStateOrExit state = open_project_state(context, looks);
  if (!state.found) return exit(state.exit_code);
  auto& [project, store] = *state.found;
  if (!store)
    return exit(context.fail(Usage, fmt::format("there are no runs in {}; name the project with --project DIR",
                                                state_place(context, project))));
  if (name) {
    Result<std::optional<journal::RunInfo>> run = store->info(*name);
    if (!run) return exit(context.fail(run.error()));
    if (*run) return {NamedRun{std::move(project), std::move(store), std::move(**run)}, Ok};
  }
  Result<std::vector<journal::RunInfo>> runs = store->list();
  if (!runs) return exit(context.fail(runs.error()));
  if (!name && runs->empty()) return exit(context.fail(Usage, "there are no runs yet"));
  Result<journal::RunInfo> run = name ? find_run(*runs, *name) : runs->front();
  if (!run) return exit(context.fail(Usage, run.error().message));
  return {NamedRun{std::move(project), std::move(store), std::move(*run)}, Ok};
}

}  // namespace

NamedRunOrExit open_run(const Context& context, const std::optional<std::string>& name) {
  return named_run(context, name, false);
}

NamedRunOrExit look_at_run(const Context& context, const std::optional<std::string>& name) {
  return named_run(context, name, true);
}

namespace {

Result<Planned> planned_by(Result<plan::Plan> (*read)(std::string_view, std::string_view), journal::Store& store,
                           const journal::RunInfo& run, const Project& project) {
  Result<std::string> bytes = store.plan_bytes(run.run);
  if (!bytes) return bytes.error();
  Result<plan::Plan> plan = read(*bytes, run.plan_hash);
  if (plan) return Planned{project, std::move(*plan), std::move(*bytes), run.plan_hash, true};
  OpError error{fmt::format("the plan of run {} cannot be used: {}", run.run, plan.error().message), false, true};
  return run.outcome ? error : with_way_out(std::move(error), run.run);
}

}  // namespace

Result<Planned> planned_of(journal::Store& store, const journal::RunInfo& run, const Project& project) {
  Result<Planned> planned = planned_by(plan::from_json, store, run, project);
  // By its hash it is the plan of the run, which nobody holds against its words again; and many runs may wait.
  if (planned) std::string().swap(planned->plan.declared), std::string().swap(planned->bytes);
  return planned;
}

Result<Planned> planned_to_show(journal::Store& store, const journal::RunInfo& run, const Project& project) {
  return planned_by(plan::from_json_to_show, store, run, project);
}

bool goes_on(journal::Store& store, const Planned& planned, const std::string& run) {
  Result<exec::RunSoFar> past = exec::read_run(store, planned.plan, run);
  // A damaged record waits for a person: whoever else tried would find the same.
  if (!past) return past.error().retryable;
  const exec::State& state = past->state;
  return !state.ended && (!state.parked || state.interrupted);
}

std::vector<Result<notify::Webhook>> channels_of(const Context& context, const Planned& planned) {
  effects::Effects effects = context.env.effects();
  return notify::open_channels(planned.plan, {context.env.variable, effects.files, planned.project.root});
}

Status look_before_acting(const Context& context, const Planned& planned, journal::Store& store) {
  const plan::Plan& plan = planned.plan;
  effects::Effects effects = context.env.effects();
  Result<std::unique_ptr<backend::LiveWorld>> world =
      backend::LiveWorld::open(plan, planned.project.root, effects);
  if (!world) return world.error();
  std::set<uint32_t> looked;
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act || !plan.services[step.action.service].unreached.empty()) continue;
    if (!looked.insert(step.action.target).second) continue;
    Result<exec::Observation> seen = (*world)->observe(step.action, {"before", 0, 0, false, 1});
    if (seen) continue;
    // A host that went away since the plan was made says nothing of the others.
    Result<backend::ServiceState> state = (*world)->observe_service(step.action.service);
    if (!state || state->unreached.empty()) return seen.error();
    looked.erase(step.action.target);
  }
  ProjectHistory history(store);
  (*world)->remember(history);
  // Before anything is changed it can still be mended; a run that goes on never stops for a message.
  for (const Result<notify::Webhook>& channel : channels_of(context, planned))
    if (!channel) return channel.error();
  std::vector<exec::Reading> readings = (*world)->sample(plan, all_terms(plan));
  for (const exec::Reading& reading : readings)
    if (reading.status == exec::Reading::Status::Error)
      return OpError{fmt::format("the gates cannot be measured: {}", reading.detail)};
  // Read again, and kept, when the run starts.
  Result<journal::Captured> captured = (*world)->capture(plan);
  if (!captured) return captured.error();
  return Done{};
}

namespace {

/// What stands since before the first event that was read: what later events are shown by.
void add_standing(RunView& view, const exec::State& state) {
  std::vector<journal::Event> standing;
  auto add = [&](int64_t run_ns, journal::Payload what) { standing.push_back({run_ns, 0, std::move(what)}); };
  if (state.captured) add(0, *state.captured);
  for (bool undo : {false, true}) {
    const std::vector<exec::StepState>& steps = undo ? state.undo : state.steps;
    for (uint32_t i = 0; i < steps.size(); ++i)
      if (steps[i].status == exec::StepStatus::Begun || steps[i].status == exec::StepStatus::Pausing)
        add(steps[i].begun_ns, journal::StepStarted{{i, undo}, steps[i].attempt, ""});
  }
  if (state.cause && state.phase == exec::RunPhase::RollingBack)
    add(state.rollback_ns, journal::RollbackStarted{*state.cause, state.furthest, state.cause_detail});
  std::stable_sort(standing.begin(), standing.end(),
                   [](const journal::Event& a, const journal::Event& b) { return a.run_ns < b.run_ns; });
  for (const auto& pause : {state.paused, state.line})
    if (pause) add(0, *pause);
  if (state.overridden) add(0, *state.overridden);
  for (const journal::Event& event : standing) view.add_past(event);
}

/// A run of which only the last events were read, as a whole; for its summary, when nothing waits for us any more.
std::optional<RunLog> whole_log(journal::Store& store, const plan::Plan& plan, const std::string& run) {
  Result<std::vector<journal::Event>> events = store.read(run);
  if (!events) return std::nullopt;
  RunLog log(plan);
  for (const journal::Event& event : *events) log.add(event);
  return log;
}

}  // namespace

int drive_run(Session& session, const std::string& run) {
  const Context& context = session.context;
  const plan::Plan& plan = session.planned.plan;
  effects::Effects effects = context.env.effects();
  Result<std::unique_ptr<backend::LiveWorld>> world =
      backend::LiveWorld::open(plan, session.planned.project.root, effects);
  if (!world) return context.fail(world.error(), NeedsHand);
  ProjectHistory history(*session.store);
  (*world)->remember(history);
  Result<exec::RunSoFar> past = exec::read_run(*session.store, plan, run);
  if (!past) return context.fail(with_way_out(past.error(), run), NeedsHand);
  RunView view(context, plan, run);
  bool resumed = past->state.events > 1;
  bool partly = int64_t(past->events.size()) < past->state.events;
  if (partly) add_standing(view, past->state);
  if (resumed)
    for (const journal::Event& event : past->events) view.add_past(event);
  notify::Outbox outbox(plan, session.planned.hash, run, channels_of(context, session.planned), effects.http,
                        effects.clock);
  FencedWorld fenced(**world, session.claims.claims(), session.beside, effects.clock);
  exec::Surroundings around{effects.clock, *session.store, fenced, view, context.env.interrupts, session.holder};
  around.messenger = &outbox;
  Result<exec::DriveResult> result = exec::drive(plan, run, around);
  view.finish();
  note_head(context, session.planned.project, *session.store, run);
  if (!result) {
    bool untouched = !partly && !view.log().changed_something();
    return context.fail(result.error(), untouched ? Environment : NeedsHand);
  }
  bool well = result->state.ended && result->state.ended->outcome == journal::Outcome::Succeeded;
  bool shown = context.json() || !context.quiet || !well;
  std::optional<RunLog> whole = partly && shown ? whole_log(*session.store, plan, run) : std::nullopt;
  const RunLog& log = whole ? *whole : view.log();
  int code = exit_code_of(context, log, *result);
  if (context.json()) context.out(summary_json(log, result->state, run, code));
  else if (!context.quiet || code != Ok) context.out(summary_text(log, result->state, run, context.style));
  return code;
}

}  // namespace rollout::cli
