#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/session.h"
#include "runtime/cli/status_promotion.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr size_t max_listed = 10;
constexpr int64_t poll_ns = 500'000'000;

std::string services_of(const journal::RunInfo& run) {
  std::string out;
  for (const journal::Generation& generation : run.generations)
    out += (out.empty() ? "" : ", ") + generation.service;
  return out;
}

std::string_view outcome_word(const journal::RunInfo& run) {
  return run.outcome ? journal::spoken(*run.outcome) : "not ended";
}

std::string run_line(const journal::RunInfo& run, const Style& style) {
  std::string word(outcome_word(run));
  bool good = run.outcome == journal::Outcome::Succeeded;
  std::string shown = good ? style.good(left(word, 12)) : style.warn(left(word, 12));
  return fmt::format("  {}  {}  {}  {}  {}\n", style.bold(left(run.run, 6)),
                     effects::utc_text(run.created_wall_ns), shown, left(run.rollout, 14), services_of(run));
}

std::string runs_json(const std::vector<journal::RunInfo>& runs, const std::vector<PromotionRow>& promotions) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "runs").key("runs").begin_array();
  for (const journal::RunInfo& run : runs) {
    json.begin_object().field("run", run.run).field("rollout", run.rollout).field("plan_hash", run.plan_hash);
    json.field("created", effects::utc_text(run.created_wall_ns)).key("outcome");
    if (run.outcome) json.value(journal::word(journal::outcome_names, *run.outcome));
    else json.null();
    json.key("services").begin_array();
    for (const journal::Generation& generation : run.generations)
      json.begin_object()
          .field("service", generation.service)
          .field("generation", generation.number)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array();
  if (!promotions.empty()) write_promotions(json, promotions);
  json.end_object();
  return json.take() + "\n";
}

int list_runs(const Context& context) {
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, false);
  if (!store) return context.fail(store.error());
  std::vector<journal::RunInfo> runs;
  if (*store) {
    Result<std::vector<journal::RunInfo>> listed = (*store)->list();
    if (!listed) return context.fail(listed.error());
    runs = std::move(*listed);
  }
  std::vector<PromotionRow> promotions;
  if (*store) {
    Result<std::vector<PromotionRow>> listed = promotion_rows(**store);
    if (!listed) return context.fail(listed.error());
    promotions = std::move(*listed);
  }
  if (context.json()) {
    context.out(runs_json(runs, promotions));
    return Ok;
  }
  context.out(promotion_lines(context, promotions));
  if (runs.empty() && promotions.empty()) context.out(fmt::format("no runs yet in {}\n", project->state()));
  size_t shown = 0;
  for (const journal::RunInfo& run : runs) {
    // What has not ended is always shown: it waits for somebody.
    if (++shown > max_listed && run.outcome && !context.verbose) continue;
    context.out(run_line(run, context.style));
  }
  if (runs.size() > max_listed && !context.verbose)
    context.out(fmt::format("  {} runs in all; --verbose shows them\n", runs.size()));
  return Ok;
}

/// Shows the events of a run that another process writes, until it has ended.
int follow(const Context& context, journal::Store& store, const std::string& run, const plan::Plan& plan) {
  RunView view(context, plan, run);
  exec::State state = exec::initial_state(plan);
  effects::Effects effects = context.env.effects();
  size_t known = 0;
  while (!state.ended) {
    Result<std::vector<journal::Event>> events = store.read(run);
    if (!events && !events.error().retryable) return context.fail(events.error());
    for (; events && known < events->size(); ++known) {
      exec::fold(state, plan, (*events)[known]);
      view.on_event((*events)[known], state);
    }
    if (state.ended) break;
    effects.clock.sleep_until(effects.clock.monotonic_ns() + poll_ns);
    if (context.env.interrupts() > 0) return context.env.interrupt_code();
  }
  view.finish();
  context.out(context.json() ? summary_json(view.log(), state, run, Ok)
                             : summary_text(view.log(), state, run, context.style));
  return Ok;
}

/// Who drives, in words; empty: nobody.
std::string driver_text(const Project& project, const plan::Plan& plan) {
  std::optional<effects::Holder> driver = driver_of(project, plan);
  if (!driver) return {};
  return driver->stopped ? fmt::format("{}, which is stopped: `kill -CONT {}` lets it go on", driver->who, driver->pid)
                         : driver->who;
}

/// `holds schema; waits for edge, which run r2 holds`; empty: neither.
std::string locks_text(journal::Store& store, const plan::Plan& plan, const exec::State& state) {
  if (state.ended || plan.locks.empty()) return {};
  Result<std::vector<journal::HeldLock>> held = store.locks();
  std::vector<std::string> parts;
  for (uint32_t i = 0; i < plan.locks.size(); ++i) {
    if (state.locks[i]) parts.push_back(fmt::format("holds {}", plan.locks[i].name));
    if (state.steps[plan.locks[i].first_step].status != exec::StepStatus::Begun) continue;
    std::string holder = "nobody holds now";
    for (const journal::HeldLock& one : held ? *held : std::vector<journal::HeldLock>())
      if (one.name == plan.locks[i].name) holder = fmt::format("run {} holds", one.run);
    parts.push_back(fmt::format("waits for {}, which {}", plan.locks[i].name, holder));
  }
  return join(parts, "; ");
}

int show_run(const Context& context, journal::Store& store, const std::string& run, const Planned& planned,
             const std::vector<journal::Event>& events) {
  const plan::Plan& plan = planned.plan;
  RunLog log(plan);
  bool each = context.args.has("--events");
  for (const journal::Event& event : events) {
    log.add(event);
    if (!each) continue;
    std::string line = context.json() ? event_json(run, event) : event_line(plan, event, log, context.style);
    if (!line.empty()) context.out(context.json() ? line : line + "\n");
  }
  exec::State state = exec::fold_all(plan, events);
  if (context.json()) context.out(summary_json(log, state, run, Ok));
  else if (!each) {
    std::string driver = driver_text(planned.project, plan);
    bool idle = !state.ended && driver.empty();
    int64_t idle_ns = idle ? std::max<int64_t>(context.env.effects().clock.wall_ns() - state.wall_ns, 0) : 0;
    context.out(summary_text(log, state, run, context.style, driver, idle_ns).substr(1));
    if (std::string locks = locks_text(store, plan, state); !locks.empty())
      context.out(fmt::format("  {}  {}\n", context.style.dim(left("locks", 8)), locks));
  }
  return Ok;
}

}  // namespace

int cmd_status(const Context& context) {
  bool one = !context.args.positional.empty() || context.args.has("--watch");
  if (!one) return list_runs(context);
  std::optional<std::string> name;
  if (!context.args.positional.empty()) name = context.args.positional[0];
  if (name && journal::is_promotion(*name)) return status_of_promotion(context, *name);
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error());
  if (context.args.has("--watch")) return follow(context, *store, run.run, planned->plan);
  Result<std::vector<journal::Event>> events = store->read(run.run);
  if (!events) return context.fail(events.error());
  return show_run(context, *store, run.run, *planned, *events);
}

}  // namespace rollout::cli
