#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/distribution.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/show_counterexample.h"
#include "runtime/cli/simulate_promotion.h"
#include "runtime/cli/start_time.h"
#include "runtime/cli/view_during.h"
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

void add(Distribution& runs, const plan::Plan& plan, const sim::SimResult& result) {
  std::string word(word_of(result));
  bool named = result.outcome == journal::Outcome::RolledBack && result.phase != plan::none;
  int64_t exposure = 0;
  for (int64_t one : result.exposure_ns) exposure = std::max(exposure, one);
  runs.add(named ? fmt::format("{} in phase {}", word, plan.phases[result.phase].name) : word, result.run_ns, exposure);
}

}  // namespace

int cmd_simulate(const Context& context) {
  Result<int64_t> seed = number_of(context.args, "--seed", 1, 0, INT64_MAX);
  Result<int64_t> runs = number_of(context.args, "--runs", 1, 1, max_runs);
  if (!seed) return context.fail(Usage, seed.error().message);
  if (!runs) return context.fail(Usage, runs.error().message);
  Result<std::optional<int64_t>> start = start_time_of(context);
  if (!start) return context.fail(Usage, start.error().message);
  Timings timings(context);
  PlanOrExit made = plan_from_arguments(context, Look::Nowhere, true, timings);
  std::string finding = context.args.value("--counterexample");
  for (const char* other : {"--seed", "--runs", "--start"})
    if (!finding.empty() && context.args.has(other))
      return context.fail(Usage, fmt::format("`{}` does not go with `--counterexample`, whose run is fixed", other));
  if (!made.stages.empty() && !finding.empty())
    return context.fail(Usage, "a finding is one of a rollout: name it, and its environment with `--env`");
  if (!made.stages.empty()) return simulate_promotion(context, made.stages, uint64_t(*seed), *runs, timings);
  if (!made.planned) return made.exit_code;
  const plan::Plan& plan = made.planned->plan;
  if (!finding.empty()) return show_counterexample(context, plan, finding);
  if (*start)
    if (std::optional<std::string> forbidden = forbidden_text(plan, **start))
      return context.fail(Refused, "the run cannot begin then: " + *forbidden);
  Distribution distribution;
  for (int64_t i = 0; i < *runs; ++i) {
    sim::Scenario scenario;
    scenario.seed = uint64_t(*seed) + uint64_t(i);
    scenario.start_wall_ns = *start;
    scenario.answers = willing_people(plan);
    scenario.noisy = context.args.has("--seed") || *runs > 1;
    sim::SimResult result = sim::run_simulation(plan, scenario);
    if (!result.violations.empty()) return report_violations(context, result, scenario.seed);
    if (*runs == 1) return show_one(context, plan, result);
    add(distribution, plan, result);
  }
  print_distribution(context, {"rollout", plan.rollout, plan::rollout_text(plan)}, std::move(distribution));
  return Ok;
}

}  // namespace rollout::cli
