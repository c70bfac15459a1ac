// Who takes over all of the traffic has the instances for it: in every example each promote that gets fewer is refused,
// by the proof at its step and by the recheck.
#include <catch2/catch.hpp>

#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/example_plans.h"

namespace rollout::verify {

namespace {

bool takes_over(const plan::Action& action) {
  for (const plan::Setting& set : action.sets)
    if (set.variable == plan::Variable::Version && set.role == plan::Role::Stable)
      return !set.value.is(eval::Value::Kind::None);
  return false;
}

/// The number of instances that it leaves alone is set, too.
void leave(plan::Action& action, int64_t instances) {
  std::erase_if(action.sets, [](const plan::Setting& set) {
    return set.variable == plan::Variable::Instances && set.role == plan::Role::Stable;
  });
  action.sets.push_back({plan::Variable::Instances, plan::Role::Stable,
                         eval::Value::of(eval::Value::Kind::Int, instances)});
}

bool found_at(const plan::Plan& plan, uint32_t step) {
  for (const Finding& finding : prove(plan).findings)
    if (finding.claim == Claim::Takeover && finding.site.step == step) return true;
  return false;
}

bool refused(const plan::Plan& plan) {
  for (const std::string& broken : recheck(plan))
    if (broken.find("leaves all of the traffic to") != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a version that takes over with too few instances is refused, wherever it does so") {
  int promotes = 0;
  for (const sim_test::Example& example : sim_test::examples(ROLLOUT_EXAMPLES)) {
    INFO(example.name);
    plan::Plan plan = example.plan;
    plan.facts = prove(plan).facts;
    CHECK_FALSE(refused(plan));
    for (uint32_t i = 0; i < plan.steps.size(); ++i) {
      const plan::Action& action = plan.steps[i].action;
      if (plan.steps[i].kind != plan::StepKind::Act || !takes_over(action)) continue;
      int64_t needs = plan.services[action.service].replicas;
      if (needs < 2) continue;
      plan::Plan few = plan;
      leave(few.steps[i].action, needs - 1);
      CHECK_FALSE(found_at(plan, i));
      CHECK(found_at(few, i));
      CHECK(refused(few));
      ++promotes;
    }
  }
  CHECK(promotes >= 20);
}

}  // namespace rollout::verify
