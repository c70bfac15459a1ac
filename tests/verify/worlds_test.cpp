// Soundness: the engine, in random worlds, never takes longer than a proven time and never exposes more than a proven
// exposure. A person's pause, a journal that cannot be written and somebody who changes what the run has set are no
// part of a bound; the worlds here are without them.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/sim/plans.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using sim_test::minute;
using sim_test::second;

constexpr uint64_t worlds = 6000;

Plan plan_of(uint64_t seed) {
  switch (seed % 12) {
    case 0: return sim_test::ungated_plan();
    case 1: return sim_test::canary_plan(20 * second, false);
    case 2: return sim_test::canary_plan(13 * second, true);
    case 3: return sim_test::scoped_plan();
    case 4: return sim_test::parallel_plan();
    case 5: return sim_test::approval_plan(plan::Unapproved(seed / 10 % 3));
    case 6: return sim_test::asking_plan(plan::Unapproved(seed / 10 % 3));
    case 7: return sim_test::commit_plan();
    case 8: return sim_test::two_approvals_plan();
    case 9: return sim_test::control_plan();
    case 10: return sim_test::watched_plan();
    default: return sim_test::canary_plan();
  }
}

/// canary_plan() with `harm`, judged for long enough to see it.
Plan harmed_plan(int64_t hold_ns, int64_t harm_ppb) {
  Plan plan = sim_test::canary_plan(hold_ns, false);
  plan.gates[0].harm_ppb = harm_ppb;
  plan.gates[0].harm_of = plan.conditions[0].left;
  plan.conditions[0].planned_blocks = 2 * hold_ns / plan.gates[0].sample_ns;
  // Only the proof speaks: plain conditions would be sooner.
  plan.gates[0].conditions = {0};
  plan.watches.clear();
  return plan;
}

}  // namespace

TEST_CASE("no run exceeds a proven bound") {
  int64_t back = 0;
  for (uint64_t seed = 1; seed <= worlds; ++seed) {
    Plan plan = plan_of(seed);
    plan::Facts facts = prove(plan).facts;
    sim::SimResult result = sim::run_simulation(plan, calm_world(plan, seed, {150 * second, 300}));
    INFO("seed " << seed);
    Measured measured(plan, result);
    measured.check(facts);
    back += measured.went_back();
  }
  CHECK(back > int64_t(worlds / 10));
  WARN(fmt::format("{} worlds, seeds 1 to {}: {} went back", worlds, worlds, back));
}

TEST_CASE("a regression as large as the harm never exposes more than was proven, when counts are as expected") {
  int64_t runs = 0, seen = 0;
  double closest = 0;
  for (int64_t hold : {2 * minute, 10 * minute})
    for (int64_t percent : {2, 3, 8}) {
      int64_t harm = percent * eval::percent_one;
      Plan plan = harmed_plan(hold, harm);
      plan::Facts facts = prove(plan).facts;
      REQUIRE(facts.exposure.size() == 1);
      REQUIRE(facts.exposure[0].harm_ns);
      for (int64_t at = 0; at < 2 * hold; at += hold / 23, ++runs) {
        sim::Scenario world;
        world.settle_ns = at / second % 26 * second;
        world.truths = {{sim_test::error_rate, plan::Role::Canary,
                         {{at, sim::default_error_ppb + double(percent * eval::percent_one)}}}};
        sim::SimResult before = sim::run_simulation(plan, world);
        int64_t begins = 0;  // what users met of the version before it went wrong does not count
        sim::Scenario healthy = world;
        healthy.truths.clear();
        healthy.abort_at_ns = at;
        begins = at == 0 ? 0 : sim::run_simulation(plan, healthy).exposure_ns[0];
        INFO(percent << "% after " << at / second << " s of holds of " << hold / second << " s");
        int64_t met = before.exposure_ns[0] - begins;
        CHECK(met <= *facts.exposure[0].harm_ns);
        closest = std::max(closest, double(met) / double(*facts.exposure[0].harm_ns));
        seen += before.outcome == journal::Outcome::RolledBack;
      }
    }
  CHECK(seen > runs / 2);
  WARN(fmt::format("{} regressions, {} of them taken back; the bound is reached to {:.0f}%", runs, seen,
                   100 * closest));
}

TEST_CASE("with chance, the proven exposure is kept as often as its power says") {
  Plan plan = harmed_plan(10 * minute, 3 * eval::percent_one);
  int64_t most = *prove(plan).facts.exposure[0].harm_ns, kept = 0;
  constexpr int64_t runs = 400;
  for (int64_t seed = 1; seed <= runs; ++seed) {
    sim::Scenario world;
    world.seed = uint64_t(seed);
    world.noisy = true;
    world.truths = {{sim_test::error_rate, plan::Role::Canary,
                     {{0, sim::default_error_ppb + 3.0 * double(eval::percent_one)}}}};
    kept += sim::run_simulation(plan, world).exposure_ns[0] <= most;
  }
  CHECK(kept * 10 >= runs * 8);
  WARN(fmt::format("{} of {} noisy runs keep it, seeds 1 to {}", kept, runs, runs));
}

TEST_CASE("a budget is compared with what was proven") {
  Plan plan = harmed_plan(10 * minute, 3 * eval::percent_one);
  plan::Facts facts = prove(plan).facts;
  CHECK(facts.detect_ns);
  CHECK(facts.phases[0].harm_ns);
  CHECK(*facts.exposure[0].harm_ns < facts.exposure[0].unseen_ns);
  // Ten minutes at half of the traffic go by before it is over.
  CHECK(facts.exposure[0].unseen_ns > 5 * minute);
}

}  // namespace rollout::verify
