#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/test_case.h"
#include "runtime/cli/bugs_of.h"
#include "runtime/cli/compile_files.h"
#include "runtime/cli/distribution.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/report.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/show_counterexample.h"
#include "runtime/cli/simulate_promotion.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"
#include "runtime/sim/simulate.h"

namespace rollout::cli {

namespace {

std::string_view word_of(const sim::SimResult& result) {
  if (!result.outcome) return result.left ? "was left: it records too much" : "did not end";
  switch (*result.outcome) {
    case journal::Outcome::Succeeded: return "succeeded";
    case journal::Outcome::RolledBack: return "rolled back";
    case journal::Outcome::Parked: return "parked";
  }
  return "";
}

/// A simulation in which the engine breaks its promises is a bug of ours, not of the file.
int report_violations(const Context& context, const std::vector<std::string>& bugs, uint64_t seed) {
  for (const std::string& violation : bugs)
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
  if (!result.left) return Ok;
  return context.fail(FileErrors, fmt::format("the run was left at {} of its time, after {} events: {}",
                                              short_duration(result.run_ns), result.events.size(),
                                              "more of one run is not simulated; sample less often, or hold for less"));
}

/// The plan, and those of the tests that run the same rollout: a finding may be one of what a test gives.
std::vector<plan::Plan> with_tests(const Context& context, const Planned& planned, Timings& timings) {
  const plan::Plan& plan = planned.plan;
  std::vector<plan::Plan> plans = {plan};
  Result<Place> place = place_of(context.env.directory, context.args.positional.at(0));
  if (!place || planned.saved || !plan.offline) return plans;
  std::unique_ptr<Compilation> compilation = compile_file(*place, context.env.directory, timings);
  for (const plan::TestCase& test :
       plan::test_cases(*compilation->program, compilation->sources, compilation->diagnostics))
    for (const plan::Stage& stage : plan::stages_of(test)) {
      if (stage.rollout != plan.rollout || stage.environment != plan.environment) continue;
      Diagnostics unused;
      auto made = plan::make_plan(*compilation->program, plan::request_of(test, stage), compilation->sources, unused);
      if (made) plans.push_back(std::move(*made));
    }
  return plans;
}

Figures figures_of(const plan::Plan& plan, const sim::SimResult& result) {
  std::string word(word_of(result));
  bool named = result.outcome == journal::Outcome::RolledBack && result.phase != plan::none;
  if (named) word += fmt::format(" in phase {}", plan.phases[result.phase].name);
  int64_t exposure = 0;
  for (int64_t one : result.exposure_ns) exposure = std::max(exposure, one);
  return {word, result.run_ns, exposure, result.rollback_ns, taken_back_unasked(result.events),
          bugs_of(plan, result.violations)};
}

}  // namespace

int cmd_simulate(const Context& context) {
  Result<HealthyWorld> world = healthy_world_of(context);
  if (!world) return context.fail(Usage, world.error().message);
  if (world->runs == 1 && context.format == "svg")
    return context.fail(Usage, "a picture is one of many runs: add `--runs 1000`");
  Timings timings(context);
  Look look = context.args.has("--look") ? Look::World : Look::Nowhere;
  PlanOrExit made = plan_from_arguments(context, look, true, timings);
  std::string finding = context.args.value("--counterexample");
  for (const char* other : {"--seed", "--runs", "--start", "--jobs", "--drift", "--daily", "--answer-after"})
    if (!finding.empty() && context.args.has(other))
      return context.fail(Usage, fmt::format("`{}` does not go with `--counterexample`, whose run is fixed", other));
  if (!made.stages.empty() && !finding.empty())
    return context.fail(Usage, "a finding is one of a rollout: name it, and its environment with `--env`");
  if (!made.stages.empty() && look == Look::World)
    return context.fail(Usage, "a promotion looks when each environment is entered; leave out `--look`");
  if (!made.stages.empty()) return simulate_promotion(context, made.stages, *world, timings);
  if (!made.planned) return made.exit_code;
  const plan::Plan& plan = made.planned->plan;
  if (!finding.empty()) return show_counterexample(context, with_tests(context, *made.planned, timings), finding);
  if (world->start_wall_ns)
    if (std::optional<std::string> forbidden = forbidden_text(plan, *world->start_wall_ns))
      return context.fail(Refused, "the run cannot begin then: " + *forbidden);
  if (world->runs == 1) {
    sim::SimResult result = sim::run_simulation(plan, scenario_of(plan, *world, 0));
    std::vector<std::string> bugs = bugs_of(plan, result.violations);
    if (!bugs.empty()) return report_violations(context, bugs, uint64_t(world->seed));
    return show_one(context, plan, result);
  }
  return simulate_many(context, {"rollout", plan.rollout, plan::rollout_text(plan)}, *world, [&](int64_t index) {
    return figures_of(plan, sim::run_simulation(plan, scenario_of(plan, *world, index)));
  });
}

}  // namespace rollout::cli
