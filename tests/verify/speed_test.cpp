// How much CPU time all proofs and the recheck take on long plans. Figures, no limits: those belong to the machine.
// `[.speed]`.
#include <ctime>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

/// canary_plan() with so many phases, each a shift and a judged hold, over services that take turns. `alike`: all holds
/// are as long, so that what is seen in one is seen in all.
plan::Plan long_plan(uint32_t phases, uint32_t services, bool alike) {
  plan::Plan shape = sim_test::canary_plan(), plan = shape;
  plan.gates[0].harm_ppb = eval::percent_one;
  plan.gates[0].harm_of = plan.conditions[0].left;
  plan.steps.clear(), plan.phases.clear(), plan.watches.clear();
  plan.services.resize(services, shape.services[0]);
  auto add = [&](plan::Step step, uint32_t phase) {
    step.phase = phase;
    step.action.service = phase % services;
    step.after.clear();
    if (!plan.steps.empty()) step.after.push_back(uint32_t(plan.steps.size() - 1));
    plan.steps.push_back(std::move(step));
  };
  for (uint32_t service = 0; service < services; ++service) {
    for (plan::Action undo : shape.undo) undo.service = service, plan.undo.push_back(undo);
    add(shape.steps[0], service);
  }
  for (uint32_t phase = 0; phase < phases; ++phase) {
    plan.phases.push_back({fmt::format("p{}", phase)});
    add(shape.steps[1], phase);
    add(shape.steps[2], phase);
    if (!alike) plan.steps.back().hold_ns += phase % 10'000 * plan.gates[0].sample_ns;
  }
  for (plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::Act)
      for (uint32_t& undo : step.rollback) undo = undo % 3 + 3 * (step.action.service + 1);
  plan.conditions[0].planned_blocks = int64_t(phases) * 12;
  return plan;
}

template <typename Work>
double cpu_ms(Work work) {
  std::clock_t begin = std::clock();
  work();
  return 1000.0 * double(std::clock() - begin) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("how long proofs take", "[.speed]") {
  for (bool alike : {true, false})
    for (uint32_t services : {1u, 20u})
      for (uint32_t phases : {1'000u, 10'000u, 100'000u}) {
        plan::Plan plan = long_plan(phases, services, alike);
        Proofs proofs;
        double proved = cpu_ms([&] { proofs = prove(plan); });
        plan.facts = proofs.facts;
        std::vector<std::string> broken;
        double again = cpu_ms([&] { broken = recheck(plan); });
        INFO((broken.empty() ? "" : broken[0]));
        CHECK(broken.empty());
        WARN(fmt::format("{} phases, {} services, holds {}: proofs {:.1f} ms, recheck {:.1f} ms", phases, services,
                         alike ? "alike" : "of their own", proved, again));
      }
}

}  // namespace rollout::verify
