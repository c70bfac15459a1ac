#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/line.h"
#include "runtime/cli/look.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/status_promotion.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/cli/watch_run.h"
#include "runtime/exec/control.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr size_t max_listed = 10;

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

std::string runs_json(const std::vector<journal::RunInfo>& runs, const std::vector<PromotionRow>& promotions,
                      const std::optional<journal::Request>& stop) {
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
  if (stop)
    json.key("line").begin_object().field("by", stop->by).field("reason", stop->reason)
        .field("since", effects::utc_text(stop->wall_ns)).end_object();
  json.end_object();
  return json.take() + "\n";
}

int list_runs(const Context& context) {
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  auto& [project, store, runs] = *all.found;
  std::vector<PromotionRow> promotions;
  if (store) {
    Result<std::vector<PromotionRow>> listed = promotion_rows(*store);
    if (!listed) return context.fail(listed.error());
    promotions = std::move(*listed);
  }
  std::optional<journal::Request> stop;
  if (store) {
    Result<std::optional<journal::Request>> stopped = stopped_line(*store);
    if (!stopped) return context.fail(stopped.error());
    stop = std::move(*stopped);
  }
  if (context.json()) {
    context.out(runs_json(runs, promotions, stop));
    return Ok;
  }
  if (stop)
    context.out(context.style.bad(line_text(*stop)) + "; `rollout start-the-line --reason TEXT` lets runs go on\n");
  context.out(promotion_lines(context, promotions));
  if (runs.empty() && promotions.empty())
    context.out(fmt::format("no runs yet in {}\n", state_place(context, project)));
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

/// What `status` knows beside the record: the locks, the budget, and what was asked.
void write_surroundings(json::Writer& json, journal::Store& store, const plan::Plan& plan, const exec::State& state,
                        const std::vector<journal::Request>& asked, int64_t idle_ns) {
  Result<std::vector<journal::HeldLock>> held = store.locks();
  json.key("locks").begin_array();
  for (uint32_t i = 0; i < plan.locks.size() && !state.ended; ++i) {
    bool wants = state.steps[plan.locks[i].first_step].status == exec::StepStatus::Begun;
    if (!state.locks[i] && !wants) continue;
    std::string holder;
    for (const journal::HeldLock& one : held ? *held : std::vector<journal::HeldLock>())
      if (one.name == plan.locks[i].name) holder = one.run;
    json.begin_object().field("name", plan.locks[i].name).field("held", bool(state.locks[i])).field("holder", holder);
    json.end_object();
  }
  json.end_array();
  if (plan.budget_exposure_ns) {
    json.key("budget").begin_object().field("exposure_ns", *plan.budget_exposure_ns).key("unseen").begin_array();
    for (uint32_t i = 0; i < plan.services.size(); ++i)
      json.begin_object().field("service", plan::service_text(plan.services[i]))
          .field("unseen_ns", exec::unseen_ns(state, i, state.run_ns + idle_ns)).end_object();
    json.end_array().end_object();
  }
  json.key("asked").begin_array();
  for (const journal::Request& request : asked)
    json.begin_object().field("ask", journal::word(journal::ask_names, request.ask)).field("by", request.by)
        .field("reason", request.reason).end_object();
  json.end_array();
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
  Result<BesideRun> beside = beside_run(context, store, plan, state, run);
  if (!beside) return context.fail(beside.error());
  const auto& [driver, asked, latched, since_ns] = *beside;
  if (context.json()) {
    context.out(summary_json(log, state, run, code_of_outcome(log, state), [&](json::Writer& json) {
      write_surroundings(json, store, plan, state, asked, driver.empty() ? since_ns : 0);
    }));
  } else if (!each) {
    std::string instead = next_of_earlier(planned, run);
    context.out(summary_text(log, latched, run, context.style, driver, since_ns, instead).substr(1));
    if (std::string locks = locks_text(store, plan, state); !locks.empty())
      context.out(fmt::format("  {}  {}\n", context.style.dim(left("locks", 8)), locks));
    context.out(asked_lines(asked, context.style));
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
  NamedRunOrExit named = look_at_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  Result<Planned> planned = planned_to_show(*store, run, project);
  if (!planned) return context.fail(planned.error(), unread_code(planned.error()));
  if (context.args.has("--watch")) return watch_run(context, *store, run.run, *planned);
  Result<std::vector<journal::Event>> events = store->read(run.run);
  if (!events) return context.fail(events.error(), unread_code(events.error()));
  return show_run(context, *store, run.run, *planned, *events);
}

}  // namespace rollout::cli
