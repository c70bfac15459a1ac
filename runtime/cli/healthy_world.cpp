#include "runtime/cli/healthy_world.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/eval/literal.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/start_time.h"
#include "runtime/effects/copies.h"

namespace rollout::cli {

namespace {

constexpr int64_t max_runs = 100'000;
constexpr int64_t hour_ns = 3'600'000'000'000, day_ns = 24 * hour_ns;

/// Of the declared load, by hour of the day in UTC: quiet at night, most in the afternoon, about 1 on average.
constexpr double by_hour[] = {0.60, 0.52, 0.46, 0.42, 0.40, 0.42, 0.46, 0.54, 0.66, 0.82, 1.00, 1.18,
                              1.34, 1.46, 1.54, 1.59, 1.60, 1.57, 1.50, 1.40, 1.26, 1.10, 0.92, 0.75};

sim::Load daily_load(const plan::Plan& plan, uint32_t service, int64_t start_wall_ns) {
  int64_t declared = plan.services[service].traffic_uhz;
  double mean = double(declared > 0 ? declared : sim::default_traffic_uhz);
  sim::Load load{service, {}, day_ns, start_wall_ns % day_ns};
  for (int64_t hour = 0; hour < int64_t(std::size(by_hour)); ++hour)
    load.changes.push_back({hour * hour_ns, mean * by_hour[hour]});
  return load;
}

}  // namespace

Result<HealthyWorld> healthy_world_of(const Context& context) {
  HealthyWorld world;
  Result<int64_t> seed = number_of(context.args, "--seed", 1, 0, INT64_MAX);
  if (!seed) return seed.error();
  Result<int64_t> runs = number_of(context.args, "--runs", 1, 1, max_runs);
  if (!runs) return runs.error();
  // A copy that makes a few runs costs more than it saves.
  constexpr int64_t least_runs_a_copy = 100;
  int64_t worth = std::clamp<int64_t>(*runs / least_runs_a_copy, 1, int64_t(effects::processors()));
  Result<int64_t> jobs = number_of(context.args, "--jobs", worth, 1, int64_t(effects::max_copies));
  if (!jobs) return jobs.error();
  Result<std::optional<int64_t>> start = start_time_of(context);
  if (!start) return start.error();
  world.seed = *seed, world.runs = *runs, world.jobs = std::min(*jobs, *runs), world.start_wall_ns = *start;
  world.drifts = context.args.has("--drift");
  world.noisy = context.args.has("--seed") || *runs > 1 || world.drifts;
  world.daily = context.args.has("--daily");
  if (!context.args.has("--answer-after")) return world;
  std::string text = context.args.value("--answer-after");
  Result<eval::Value> after = eval::parse_value(eval::Value::Kind::Duration, text);
  if (!after || after->number < 0)
    return OpError{fmt::format("`--answer-after` takes a duration such as 45m, not `{}`", text)};
  world.answer_after_ns = after->number;
  return world;
}

sim::Scenario scenario_of(const plan::Plan& plan, const HealthyWorld& world, int64_t index) {
  sim::Scenario scenario;
  scenario.seed = uint64_t(world.seed) + uint64_t(index);
  scenario.start_wall_ns = world.start_wall_ns;
  scenario.noisy = world.noisy;
  scenario.drifts = world.drifts;
  scenario.answers = willing_people(plan);
  for (sim::Answer& answer : scenario.answers) answer.after_ns = world.answer_after_ns;
  for (uint32_t i = 0; world.daily && i < plan.services.size(); ++i)
    if (plan.services[i].subject == plan::Subject::Service)
      scenario.loads.push_back(daily_load(plan, i, sim::start_of(plan, scenario)));
  return scenario;
}

}  // namespace rollout::cli
