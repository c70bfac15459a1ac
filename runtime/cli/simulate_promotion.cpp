#include "runtime/cli/simulate_promotion.h"

#include <fmt/format.h>

#include "runtime/cli/bugs_of.h"
#include "runtime/cli/distribution.h"
#include "runtime/cli/scenario_of.h"
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

int report_violations(const Context& context, const std::vector<std::string>& bugs, uint64_t seed) {
  for (const std::string& violation : bugs)
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

Figures figures_of(const sim::PromotionScript& script, const sim::PromotionResult& result) {
  Figures out{word_of(result), result.run_ns};
  out.violations = bugs_of(script, result);
  for (const std::optional<sim::SimResult>& stage : result.stages) {
    if (!stage) continue;
    for (int64_t one : stage->exposure_ns) out.exposure_ns = std::max(out.exposure_ns, one);
    out.rollback_ns = std::max(out.rollback_ns, stage->rollback_ns);
    out.false_rollback |= taken_back_unasked(stage->events);
  }
  return out;
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

int simulate_promotion(const Context& context, const std::vector<plan::Stage>& stages, const HealthyWorld& world,
                       Timings& timings) {
  const std::vector<std::string>& words = context.args.positional;
  Result<Place> place = place_of(context.env.directory, words.at(0));
  if (!place) return context.fail(Usage, place.error().message);
  Result<std::vector<std::pair<std::string, std::string>>> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  sim::PromotionScript script;
  script.promotion = words.at(1);
  script.rollout = stages.front().rollout;
  script.start_wall_ns = world.start_wall_ns;
  for (const plan::Stage& stage : stages) {
    PlanOrExit made = plan_stage(context, Look::Nowhere, {*place, stage, *inputs}, timings);
    if (!made.planned) return made.exit_code;
    script.stages.push_back({stage.environment, stage.soak_ns, std::move(made.planned->plan), {}});
  }
  auto run = [&](int64_t index) {
    sim::PromotionScript drawn = script;
    for (sim::StageScript& stage : drawn.stages) {
      stage.scenario = scenario_of(stage.plan, world, index);
      stage.scenario.start_wall_ns.reset();  // when the promotion comes to it
    }
    return sim::simulate_promotion(drawn);
  };
  if (world.runs > 1)
    return simulate_many(context, {"promotion", script.promotion, "promotion " + script.promotion}, world,
                         [&](int64_t index) { return figures_of(script, run(index)); });
  sim::PromotionResult result = run(0);
  std::vector<std::string> bugs = bugs_of(script, result);
  if (!bugs.empty()) return report_violations(context, bugs, uint64_t(world.seed));
  if (context.json()) show_json(context, script, result);
  else context.out(promotion_timeline(script, result, context.style));
  return Ok;
}

}  // namespace rollout::cli
