// How near a run comes to what was proven: in worlds that are made to be as bad as a bound says, of drawn releases.
// Actions need all the time of all their attempts, people answer when theirs is almost over, metrics come back in the
// last moment of a hold, somebody aborts in each step, and a regression begins at many moments of the step that the
// proof names. A bound that nobody comes near would be sound and of no use.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/detection.h"
#include "compiler/verify/proofs.h"
#include "runtime/sim/replay_world.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::StepKind;

constexpr uint64_t releases = 16;
constexpr int moments = 9;  // of the step with which a regression begins at its worst

constexpr std::string_view shop = R"(
import std.backend.{{local, haproxy, prometheus}}
target hosts: local {{ directory = "run/shop" }}
target edge: haproxy {{ socket = "run/haproxy.sock" }}
metrics prom: prometheus {{ url = "http://127.0.0.1:9090" }}
team sre {{ members = ["anna"] }}
service front {{
  workload = hosts {{ command = ["bin/front"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }}
  router = edge {{ backend = "front" }}
  traffic = {}/s
  signal error_rate: Percent = prom.ratio("front_errors_total", of: "front_requests_total", by: "track")
}}
gate proves(s: Service) {{
  sample every 15s
  harm +{}% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.1% proven 99%
  on no_data {{ hold 2m then fail }}
}}
rollout release {{
  front.deploy("front:1.1")
{}  front.shift(100%)
  front.promote()
}}
)";

std::string release(uint64_t seed) {
  sim::Random random(seed * 17 + 3);
  std::string body;
  for (int64_t i = 0, phases = 1 + random.below(3); i < phases; ++i) {
    body += fmt::format("  front.shift({}%)\n", i == 0 ? 5 + random.below(30) : 35 + random.below(55));
    if (random.chance(0.3)) body += "  approve by sre { timeout 10m  on timeout rollback }\n";
    body += fmt::format("  hold {}s judged by proves(front)\n", 120 + random.below(12) * 60);
  }
  if (random.chance(0.4))
    body += "  rollback when front.canary.error_rate > front.stable.error_rate + 0.1% proven 99% every 5s\n";
  return fmt::format(shop, 100 + random.below(900), 2 + random.below(7), body);
}

Plan plan_of(uint64_t seed) {
  std::string source = release(seed);
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  INFO(source);
  REQUIRE(!compiled->diagnostics.has_errors());
  auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  plan->facts = prove(*plan).facts;
  return std::move(*plan);
}

/// How near the worst run of each plan came to a bound, as a part of it.
class Near {
 public:
  void add(int64_t is, int64_t bound) {
    CHECK(is <= bound);
    if (bound <= 0) return;
    double near = double(is) / double(bound);
    most_ = std::max(most_, near), sum_ += near, ++count_;
  }
  double most() const { return most_; }
  std::string text() const {
    return fmt::format("{:.0f}% at most, {:.0f}% on average of {}", 100 * most_, 100 * sum_ / count_, count_);
  }

 private:
  double most_ = 0, sum_ = 0;
  int count_ = 0;
};

constexpr int64_t seen_ns = 40 * sim_test::second;  // of samples at the end, so that a gate decides

/// Every action at its slowest, forward and back, every answer late, and every gate without data from its last sample
/// on until there is just enough of its extension left to decide.
sim::Scenario slowest(const Plan& plan) {
  World world;
  world.forward = world.back = Pace::Worst, world.late_answers = true;
  sim::Scenario scenario = sim::scenario_of(plan, world);
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].kind != StepKind::Hold || plan.steps[i].gates.empty()) continue;
    sim::Span hold = sim::span_of(sim::run_simulation(plan, scenario), i);
    sim::Fault silent;
    silent.kind = sim::FaultKind::MetricsEmpty, silent.times = -1;
    silent.from_ns = hold.begin_ns + plan.steps[i].hold_ns - plan.gates[plan.steps[i].gates[0]].sample_ns;
    silent.until_ns = hold.begin_ns + plan.steps[i].hold_ns +
                      plan.gates[plan.steps[i].gates[0]].no_data.hold_ns - seen_ns;
    scenario.faults.push_back(silent);
  }
  return scenario;
}

/// `calm` as it is, and with each of the actions failing at the end of its last attempt.
std::vector<sim::Scenario> with_failures(const Plan& plan, const sim::Scenario& calm) {
  std::vector<sim::Scenario> worlds = {calm};
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].kind != StepKind::Act) continue;
    sim::Fault unseen;  // it has its effect, and nobody can see it
    unseen.kind = sim::FaultKind::ObserveError;
    unseen.step = i, unseen.undo = false, unseen.skip = 1, unseen.times = -1;
    worlds.push_back(calm);
    worlds.back().faults.push_back(unseen);
  }
  return worlds;
}

/// The most that the way back takes of all aborts.
int64_t longest_back(const Plan& plan) {
  int64_t most = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].kind != StepKind::Act) continue;
    World world;
    world.back = Pace::Worst, world.stops_at = i;
    sim::Scenario scenario = sim::scripted(plan, world, sim::scenario_of(plan, world), 0);
    most = std::max(most, Measured(plan, sim::run_simulation(plan, scenario)).back_ns());
  }
  return most;
}

/// The most of a regression that a run meets, which begins at some moment of the step that the proof names. Nobody
/// goes without data here: what is lost so is no evidence that was counted on.
int64_t most_harm(const Plan& plan, int64_t& runs) {
  World world;
  world.forward = world.back = Pace::Worst, world.late_answers = true;
  World quick = world;
  quick.forward = Pace::AtOnce;
  uint32_t step = plan.facts->exposure[0].harm_step;
  uint32_t signal = plan.gates[0].harm_of->signal;
  int64_t most = 0;
  for (const World& pace : {world, quick})
    for (const sim::Scenario& calm : with_failures(plan, sim::scenario_of(plan, pace))) {
      sim::Span span = sim::span_of(sim::run_simulation(plan, calm), step);
      for (int i = 0; i < moments; ++i, ++runs) {
        int64_t at_ns = span.begin_ns + (span.end_ns - span.begin_ns) * i / (moments - 1);
        sim::Scenario worse = calm, before = calm;
        double usual = assumed_rate * double(eval::percent_all);
        worse.truths = {{signal, plan::Role::Stable, {{0, usual}}},
                        {signal, plan::Role::Canary, {{at_ns, usual + double(plan.gates[0].harm_ppb)}}}};
        before.truths = {{signal, plan::Role::Stable, {{0, usual}}}};
        before.limit_ns = at_ns;
        int64_t earlier = at_ns > 0 ? sim::run_simulation(plan, before).exposure_ns[0] : 0;
        most = std::max(most, sim::run_simulation(plan, worse).exposure_ns[0] - earlier);
      }
    }
  return most;
}

}  // namespace

TEST_CASE("the worst worlds come near to what was proven, and never beyond it") {
  Near forward, back, unseen, harm;
  int64_t runs = 0;
  for (uint64_t seed = 1; seed <= releases; ++seed) {
    Plan plan = plan_of(seed);
    INFO("seed " << seed << release(seed));
    REQUIRE(plan.facts->exposure.size() == 1);
    int64_t longest_ns = 0, met_ns = 0;
    for (const sim::Scenario& world : with_failures(plan, slowest(plan))) {
      sim::SimResult result = sim::run_simulation(plan, world);
      longest_ns = std::max(longest_ns, Measured(plan, result).forward_ns());
      met_ns = std::max(met_ns, result.exposure_ns[0]);
      ++runs;
    }
    forward.add(longest_ns, plan.facts->worst_ns);
    unseen.add(met_ns, plan.facts->exposure[0].unseen_ns);
    back.add(longest_back(plan), plan.facts->back_ns);
    if (plan.facts->exposure[0].harm_ns) harm.add(most_harm(plan, runs), *plan.facts->exposure[0].harm_ns);
  }
  for (const Near* one : {&forward, &back, &unseen, &harm}) CHECK(one->most() > 0.6);
  WARN(fmt::format("{} runs; forward {}; back {}; exposure unseen {}; harm {}", runs, forward.text(), back.text(),
                   unseen.text(), harm.text()));
}

}  // namespace rollout::verify
