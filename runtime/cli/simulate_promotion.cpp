#include "runtime/cli/simulate_promotion.h"

#include <fmt/format.h>

#include "runtime/cli/distribution.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/start_time.h"
#include "runtime/cli/view_promotion_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

std::string word_of(const sim::PromotionResult& result) {
  const std::string& environment = result.state.begun.stages[exec::stage_of(result.state)].environment;
  if (!result.outcome) return "did not end";
  switch (*result.outcome) {
    case journal::Outcome::Succeeded: return "succeeded";
    case journal::Outcome::RolledBack: return "rolled back in " + environment;
    case journal::Outcome::Parked: return "parked in " + environment;
  }
  return "";
}

int report_violations(const Context& context, const sim::PromotionResult& result, uint64_t seed) {
  for (const std::string& violation : result.violations)
    context.fail(0, fmt::format("seed {}: {}", seed, violation));
  return context.fail(
      70, "this is a bug in rollout: its engine broke an invariant; please report the file and the seed");
}

void show_json(const Context& context, const sim::PromotionScript& script, const sim::PromotionResult& result) {
  for (const journal::PromotionEvent& event : result.events) {
    context.out(promotion_event_json("", event));
    const auto* ended = std::get_if<journal::StageEnded>(&event.what);
    if (ended == nullptr || !result.stages[ended->stage]) continue;
    const plan::Plan& plan = script.stages[ended->stage].plan;
    RunLog log(plan);
    for (const journal::Event& one : result.stages[ended->stage]->events) log.add(one);
    context.out(summary_json(log, exec::fold_all(plan, result.stages[ended->stage]->events), "", Ok));
  }
  context.out(promotion_result_json("", result.state, Ok));
}

Distribution distribution_of(const sim::PromotionResult& result, Distribution runs) {
  int64_t exposure = 0;
  for (const std::optional<sim::SimResult>& stage : result.stages)
    for (int64_t one : stage ? stage->exposure_ns : std::vector<int64_t>()) exposure = std::max(exposure, one);
  runs.add(word_of(result), result.run_ns, exposure);
  return runs;
}

}  // namespace

std::string promotion_timeline(const sim::PromotionScript& script, const sim::PromotionResult& result,
                               const Style& style) {
  std::string out =
      promotion_picture({"", result.state, "", result.events.back().wall_ns, result.cause}, style);
  for (size_t i = 0; i < script.stages.size(); ++i) {
    if (!result.stages[i]) continue;
    RunLog log(script.stages[i].plan);
    for (const journal::Event& event : result.stages[i]->events) log.add(event);
    out += fmt::format("\n{}\n{}", style.bold(script.stages[i].environment), timeline_text(log, style));
  }
  return out;
}

int simulate_promotion(const Context& context, const std::vector<plan::Stage>& stages, uint64_t seed, int64_t runs,
                       Timings& timings) {
  const std::vector<std::string>& words = context.args.positional;
  Result<Place> place = place_of(context.env.directory, words.at(0));
  if (!place) return context.fail(Usage, place.error().message);
  Result<std::vector<std::pair<std::string, std::string>>> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  Result<std::optional<int64_t>> start = start_time_of(context);
  if (!start) return context.fail(Usage, start.error().message);
  sim::PromotionScript script;
  script.promotion = words.at(1);
  script.rollout = stages.front().rollout;
  script.start_wall_ns = *start;
  for (const plan::Stage& stage : stages) {
    PlanOrExit made = plan_stage(context, Look::Nowhere, {*place, stage, *inputs}, timings);
    if (!made.planned) return made.exit_code;
    script.stages.push_back({stage.environment, stage.soak_ns, std::move(made.planned->plan), {}});
  }
  Distribution distribution;
  for (int64_t i = 0; i < runs; ++i) {
    for (sim::StageScript& stage : script.stages) {
      stage.scenario.seed = seed + uint64_t(i);
      stage.scenario.answers = willing_people(stage.plan);
      stage.scenario.noisy = context.args.has("--seed") || runs > 1;
    }
    sim::PromotionResult result = sim::simulate_promotion(script);
    if (!result.violations.empty()) return report_violations(context, result, seed + uint64_t(i));
    if (runs > 1) {
      distribution = distribution_of(result, std::move(distribution));
      continue;
    }
    if (context.json()) show_json(context, script, result);
    else context.out(promotion_timeline(script, result, context.style));
  }
  if (runs > 1)
    print_distribution(context, {"promotion", script.promotion, "promotion " + script.promotion},
                       std::move(distribution));
  return Ok;
}

}  // namespace rollout::cli
