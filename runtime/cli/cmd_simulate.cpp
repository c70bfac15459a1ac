#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"
#include "runtime/sim/simulate.h"

namespace rollout::cli {

namespace {

constexpr int64_t max_runs = 100'000;

std::string_view word_of(const sim::SimResult& result) {
  if (!result.outcome) return "did not end";
  switch (*result.outcome) {
    case journal::Outcome::Succeeded: return "succeeded";
    case journal::Outcome::RolledBack: return "rolled back";
    case journal::Outcome::Parked: return "parked";
  }
  return "";
}

/// A simulation in which the engine breaks its promises is a bug of ours, not of the file.
int report_violations(const Context& context, const sim::SimResult& result, uint64_t seed) {
  for (const std::string& violation : result.violations)
    context.fail(0, fmt::format("seed {}: {}", seed, violation));
  return context.fail(
      70, "this is a bug in rollout: its engine broke an invariant; please report the file and the seed");
}

int show_one(const Context& context, const plan::Plan& plan, const sim::SimResult& result) {
  RunLog log(plan);
  for (const journal::Event& event : result.events) {
    log.add(event);
    if (context.json()) context.out(event_json("", event));
    else if (context.verbose) context.out(event_line(plan, event, log, context.style) + "\n");
  }
  exec::State state = exec::fold_all(plan, result.events);
  if (context.json()) context.out(summary_json(log, state, "", Ok));
  else context.out(summary_text(log, state, "", context.style).substr(1));
  return Ok;
}

/// What came of many runs: outcomes, durations, exposures.
struct Distribution {
  std::map<std::string, int64_t> outcomes;
  std::vector<int64_t> durations_ns, exposures_ns;

  void add(const plan::Plan& plan, const sim::SimResult& result) {
    std::string word(word_of(result));
    bool named = result.outcome == journal::Outcome::RolledBack && result.phase != plan::none;
    ++outcomes[named ? fmt::format("{} in phase {}", word, plan.phases[result.phase].name) : word];
    durations_ns.push_back(result.run_ns);
    int64_t exposure = 0;
    for (int64_t one : result.exposure_ns) exposure = std::max(exposure, one);
    exposures_ns.push_back(exposure);
  }
};

int64_t quantile(const std::vector<int64_t>& sorted, size_t percent) {
  return sorted[(sorted.size() - 1) * percent / 100];
}

void print_distribution(const Context& context, const plan::Plan& plan, Distribution& runs) {
  size_t count = runs.durations_ns.size();
  std::sort(runs.durations_ns.begin(), runs.durations_ns.end());
  std::sort(runs.exposures_ns.begin(), runs.exposures_ns.end());
  if (context.json()) {
    json::Writer json;
    json.begin_object()
        .field("version", 1)
        .field("type", "distribution")
        .field("rollout", plan.rollout)
        .field("runs", uint64_t(count));
    json.key("outcomes").begin_object();
    for (const auto& [outcome, times] : runs.outcomes) json.field(outcome, times);
    json.end_object();
    for (auto [name, values] :
         {std::pair("run_ns", &runs.durations_ns), std::pair("exposure_ns", &runs.exposures_ns)}) {
      json.key(name).begin_object();
      for (size_t percent : {0, 50, 90, 99, 100})
        json.field(fmt::format("p{}", percent), quantile(*values, percent));
      json.end_object();
    }
    json.end_object();
    context.out(json.take() + "\n");
    return;
  }
  context.out(fmt::format("{} in {} simulated runs\n\n", context.style.bold(plan::rollout_text(plan)), count));
  for (const auto& [outcome, times] : runs.outcomes)
    context.out(fmt::format("  {}  {:5.1f}%  {}\n", right(std::to_string(times), 7),
                            100.0 * double(times) / double(count), outcome));
  context.out(fmt::format("\n  {}  {:>9} {:>9} {:>9} {:>9}\n", left("", 10), "least", "half", "90%", "most"));
  for (auto [name, values] :
       {std::pair("duration", &runs.durations_ns), std::pair("exposure", &runs.exposures_ns)})
    context.out(fmt::format("  {}  {:>9} {:>9} {:>9} {:>9}\n", left(name, 10),
                            short_duration(quantile(*values, 0)), short_duration(quantile(*values, 50)),
                            short_duration(quantile(*values, 90)), short_duration(quantile(*values, 100))));
}

}  // namespace

int cmd_simulate(const Context& context) {
  Result<int64_t> seed = number_of(context.args, "--seed", 1, 0, INT64_MAX);
  Result<int64_t> runs = number_of(context.args, "--runs", 1, 1, max_runs);
  if (!seed) return context.fail(Usage, seed.error().message);
  if (!runs) return context.fail(Usage, runs.error().message);
  Timings timings(context);
  PlanOrExit made = plan_from_arguments(context, Look::Nowhere, true, timings);
  if (!made.stages.empty())
    return context.fail(Usage, fmt::format("`{}` is a promotion; simulate it one environment at a time: rollout "
                                           "simulate {} {} --env {}",
                                           context.args.positional[1], context.args.positional[0],
                                           made.stages[0].rollout, made.stages[0].environment));
  if (!made.planned) return made.exit_code;
  const plan::Plan& plan = made.planned->plan;
  Distribution distribution;
  for (int64_t i = 0; i < *runs; ++i) {
    sim::Scenario scenario;
    scenario.seed = uint64_t(*seed) + uint64_t(i);
    scenario.noisy = context.args.has("--seed") || *runs > 1;
    sim::SimResult result = sim::run_simulation(plan, scenario);
    if (!result.violations.empty()) return report_violations(context, result, scenario.seed);
    if (*runs == 1) return show_one(context, plan, result);
    distribution.add(plan, result);
  }
  print_distribution(context, plan, distribution);
  return Ok;
}

}  // namespace rollout::cli
