// Soundness of the proofs of states, and of all bounds where much is going on at once: random programs in random
// worlds. At every event no version is beside what its plan does not know that it meets, and no target holds more
// instances than were proven: both are invariants of the simulation.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/recheck.h"
#include "runtime/sim/replay_states.h"
#include "tests/sim/drawn.h"
#include "tests/sim/run.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;

constexpr uint64_t programs = 150, runs_of_each = 8;

/// How many plans did what.
struct Drawn {
  int64_t beside = 0, quota = 0, scaled = 0, restarted = 0, routed = 0, mirrored = 0, migrated = 0;

  void add(const Plan& plan) {
    auto sets = [&](plan::Variable variable, plan::Role role) {
      for (const plan::Step& step : plan.steps)
        for (const plan::Setting& set : step.action.sets)
          if (set.variable == variable && set.role == role) return true;
      return false;
    };
    beside += !plan.facts->beside.empty(), quota += !plan.facts->peaks.empty();
    scaled += sets(plan::Variable::Instances, plan::Role::Stable);
    restarted += sets(plan::Variable::Restarted, plan::Role::Stable);
    routed += sets(plan::Variable::Routed, plan::Role::Canary);
    mirrored += sets(plan::Variable::Mirrored, plan::Role::Canary);
    migrated += sets(plan::Variable::Schema, plan::Role::All);
  }
  bool all() const { return beside && quota && scaled && restarted && routed && mirrored && migrated; }
};

}  // namespace

TEST_CASE("no run of a drawn program leaves the states that were proven, or exceeds a bound") {
  Drawn drawn;
  int64_t plans = 0, back = 0, full = 0, runs = 0;
  for (uint64_t seed = 1; seed <= programs; ++seed) {
    std::optional<Plan> plan = sim_test::drawn_plan(seed);
    if (!plan) continue;
    INFO("seed " << seed << sim_test::drawn_program(seed));
    for (const std::string& broken : recheck(*plan))
      CHECK((broken.find("declare") != std::string::npos || broken.find("quota") != std::string::npos));
    drawn.add(*plan), ++plans;
    bool reached = false;
    for (uint64_t k = 0; k < runs_of_each; ++k, ++runs) {
      INFO("world " << k);
      uint64_t world = seed * 100 + k;
      // Half of the worlds are those of the bounds; in the others processes die, and people take part.
      bool calm = k % 2 == 0;
      sim::SimResult result =
          sim_test::run(*plan, calm ? calm_world(*plan, world, {200 * sim_test::second, 300})
                                    : sim_test::random_world(*plan, world, {200 * sim_test::second, 300}));
      Measured measured(*plan, result);
      if (calm) measured.check(*plan->facts);
      back += measured.went_back();
      for (const plan::PeakFacts& one : plan->facts->peaks)
        reached = reached || sim::most_instances(*plan, result, one.target) == one.instances;
    }
    full += reached;
  }
  CHECK(drawn.all());
  CHECK(plans * 2 > int64_t(programs));
  CHECK(back * 10 > runs);
  WARN(fmt::format("{} plans, {} runs, seeds 1 to {}: {} went back; {} meet versions, {} scale, {} restart, {} route, "
                   "{} mirror, {} migrate; of {} peaks {} were reached",
                   plans, runs, programs, back, drawn.beside, drawn.scaled, drawn.restarted, drawn.routed,
                   drawn.mirrored, drawn.migrated, drawn.quota, full));
}

TEST_CASE("a promise of a state that is not so is seen in some world") {
  int64_t fewer = 0, unmet = 0, peaks = 0, meetings = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::optional<Plan> plan = sim_test::drawn_plan(seed);
    if (!plan) continue;
    auto broken = [&](const Plan& mutant) {
      sim::SimResult result = sim::run_simulation(mutant, {});
      return std::any_of(result.violations.begin(), result.violations.end(),
                         [](const sim::Violation& one) { return one.rule == sim::Rule::I18; });
    };
    CHECK(!broken(*plan));
    Plan mutant = *plan;
    for (plan::PeakFacts& one : mutant.facts->peaks) one.instances = 1, ++peaks;
    fewer += broken(mutant);
    mutant = *plan;
    meetings += !mutant.facts->beside.empty();
    mutant.facts->beside.clear();
    unmet += broken(mutant);
  }
  CHECK(fewer == peaks);
  CHECK(unmet * 2 > meetings);
}

}  // namespace rollout::verify
