// `metrics`: what a monitoring system should know of the project's runs, in OpenMetrics: what is open, whether anybody
// drives it, who is waited for, how runs have ended.
#include <map>

#include "compiler/plan/older_plan.h"
#include "runtime/cli/line.h"
#include "runtime/cli/open_metrics.h"
#include "runtime/cli/out_file.h"
#include "runtime/cli/session.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/opening.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

/// Every text begins with this family.
constexpr std::string_view first_family = "rollout_build";
constexpr OutKind metrics_file{"file of metrics", "# TYPE rollout_build ", "rollout.prom",
                               "print the metrics: without --out"};

/// A run that has not ended, as its journal has it.
struct Open {
  journal::RunInfo run;
  plan::Plan plan;
  exec::State state;
  std::string driver;  ///< empty: nobody drives it, or its process is stopped

  Labels labels() const { return {{"run", run.run}, {"rollout", run.rollout}}; }
};

Result<Open> open_of(journal::Store& store, const journal::RunInfo& run) {
  Result<std::string> bytes = store.plan_bytes(run.run);
  if (!bytes) return bytes.error();
  Result<plan::Plan> plan = plan::from_json_to_show(*bytes, run.plan_hash);
  if (!plan) return plan.error();
  Result<std::vector<journal::Event>> events = store.read(run.run);
  if (!events) return events.error();
  exec::State state = exec::fold_all(*plan, *events);
  Result<std::optional<effects::Holder>> driver = find_driver(store, service_names(*plan));
  if (!driver) return driver.error();
  bool driven = *driver && !(*driver)->stopped;
  return Open{run, std::move(*plan), std::move(state), driven ? std::move((*driver)->who) : ""};
}

std::string_view state_word(const exec::State& state) {
  if (state.phase == exec::RunPhase::RollingBack) return "rolling_back";
  if (state.parked) return "parked";
  return exec::is_paused(state) ? "paused" : "running";
}

void add_open(OpenMetrics& out, const std::vector<Open>& open) {
  out.family("rollout_run_open", "gauge", "", "A run that has not ended, by what it does.");
  for (const Open& one : open) {
    Labels labels = one.labels();
    labels.emplace_back("state", state_word(one.state));
    out.sample(labels, 1);
  }
  out.family("rollout_run_driven", "gauge", "", "Whether a process drives a run that has not ended.");
  for (const Open& one : open) out.sample(one.labels(), !one.driver.empty());
  std::map<std::string, int64_t> drivers;
  for (const Open& one : open)
    if (!one.driver.empty()) ++drivers[one.driver];
  out.family("rollout_driver_runs", "gauge", "", "Runs that have not ended, by the process that drives them.");
  for (const auto& [driver, count] : drivers) out.sample({{"driver", driver}}, count);
  out.family("rollout_run_start_seconds", "gauge", "seconds", "When a run that has not ended began.");
  for (const Open& one : open) out.seconds(one.labels(), one.run.created_wall_ns);
  out.family("rollout_run_event_seconds", "gauge", "seconds", "When a run that has not ended last recorded something.");
  for (const Open& one : open) out.seconds(one.labels(), one.state.wall_ns);
  out.family("rollout_run_exposure_seconds", "gauge", "seconds",
             "How much of a new version users have met up to the last event, as time at full traffic.");
  for (const Open& one : open)
    for (uint32_t i = 0; i < one.plan.services.size(); ++i) {
      Labels labels = one.labels();
      labels.emplace_back("service", plan::service_text(one.plan.services[i]));
      out.seconds(labels, one.state.services[i].exposure_ns);
    }
  out.family("rollout_endpoint_away", "gauge", "", "A target or host that does not answer a run that has not ended.");
  for (const Open& one : open)
    for (const auto& [endpoint, away] : one.state.away) {
      Labels labels = one.labels();
      labels.emplace_back("endpoint", endpoint);
      out.sample(labels, 1);
    }
  out.family("rollout_questions", "gauge", "", "What a run asks people and nobody has answered yet.");
  for (const Open& one : open)
    out.sample(one.labels(), int64_t(exec::open_questions(one.plan, one.state).size()));
}

void add_all(OpenMetrics& out, const std::vector<journal::RunInfo>& runs) {
  std::map<std::pair<std::string, journal::Outcome>, std::pair<int64_t, int64_t>> ended;  // how many, the newest
  std::map<std::string, int64_t> events;
  for (const journal::RunInfo& run : runs) {
    events[run.rollout] += run.events;
    if (!run.outcome) continue;
    auto& [count, newest_ns] = ended[{run.rollout, *run.outcome}];
    ++count, newest_ns = std::max(newest_ns, run.created_wall_ns);
  }
  auto labels = [](const auto& key) -> Labels {
    return {{"rollout", key.first}, {"outcome", std::string(word(journal::outcome_names, key.second))}};
  };
  // One that succeeded may be taken back later: the number falls then.
  out.family("rollout_runs_ended", "gauge", "", "Runs that have ended, by how.");
  for (const auto& [key, value] : ended) out.sample(labels(key), value.first);
  out.family("rollout_newest_run_start_seconds", "gauge", "seconds", "When the newest run that ended so began.");
  for (const auto& [key, value] : ended) out.seconds(labels(key), value.second);
  out.family("rollout_journal_events", "counter", "", "Events on record.");
  for (const auto& [rollout, count] : events) out.sample({{"rollout", rollout}}, count);
}

}  // namespace

int cmd_metrics(const Context& context) {
  std::string path = context.args.value("--out");
  if (context.args.has("--out"))
    if (Status free = check_free(context, path, metrics_file); !free) return context.fail(Usage, free.error().message);
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  auto& [project, store, runs] = *all.found;
  std::vector<Open> open;
  std::vector<journal::RunInfo> damaged;
  for (const journal::RunInfo& run : runs) {
    if (run.outcome) continue;
    Result<Open> one = open_of(*store, run);
    if (!one && one.error().retryable) return context.fail(one.error());
    if (one) open.push_back(std::move(*one));
    else damaged.push_back(run);
  }
  std::optional<journal::Request> stop;
  std::vector<std::string> waiting;
  if (store) {
    Result<std::vector<std::string>> left = store->claims()->waiting();
    if (!left) return context.fail(left.error());
    waiting = std::move(*left);
    Result<std::optional<journal::Request>> stopped = stopped_line(*store);
    if (!stopped) return context.fail(stopped.error());
    stop = std::move(*stopped);
  }
  OpenMetrics out;
  out.family(first_family, "gauge", "", "The program that wrote this; always 1.");
  out.sample({{"version", ROLLOUT_VERSION}}, 1);
  out.family("rollout_line_stopped", "gauge", "", "Whether a person lets no run go on.");
  out.sample({}, stop.has_value());
  out.family("rollout_run_damaged", "gauge", "", "A run whose record cannot be read; the others are not affected.");
  for (const journal::RunInfo& run : damaged) out.sample({{"run", run.run}, {"rollout", run.rollout}}, 1);
  out.family("rollout_waiting", "gauge", "", "Runs and promotions that wait for a worker.");
  out.sample({}, int64_t(waiting.size()));
  add_open(out, open);
  add_all(out, runs);
  std::string text = std::move(out).take();
  if (path.empty()) {
    context.out(text);
    return Ok;
  }
  Status written = context.env.effects().files.write(absolute_path(context.env.directory, path), text);
  return written ? int(Ok) : context.fail(written.error());
}

}  // namespace rollout::cli
