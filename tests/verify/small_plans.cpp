#include "tests/verify/small_plans.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/sim/random.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using sim::Random;
using sim_test::second;

namespace {

plan::Action random_action(Random& random, uint32_t service) {
  plan::Action action;
  action.service = service;
  action.target = 0;
  action.within_ns = random.below(60) * second;  // 0: as long as the engine waits then
  action.attempts = int(1 + random.below(8));
  action.text = fmt::format("act on {}", service);
  return action;
}

}  // namespace

Plan small_plan(uint64_t seed) {
  Random random(seed);
  Plan p;
  p.services.resize(3);
  p.targets.resize(1);
  p.approvals = {{"sre", {"anna"}, 1, 7 * second, plan::Unapproved::Park}};
  p.gates.resize(1);
  p.gates[0].no_data.hold_ns = 5 * second;
  p.gates[0].undecided.hold_ns = 9 * second;
  for (uint32_t service = 0; service < 3; ++service)
    for (int i = 0; i < 3; ++i) p.undo.push_back(random_action(random, service));
  size_t steps = size_t(1 + random.below(9));
  uint32_t last[3] = {plan::none, plan::none, plan::none};
  for (uint32_t i = 0; i < steps; ++i) {
    Step step;
    step.kind = random.chance(0.6) ? StepKind::Act : random.chance(0.7) ? StepKind::Hold : StepKind::Approval;
    for (uint32_t before = 0; before < i; ++before)
      if (random.chance(i < 4 ? 0.5 : 0.25)) step.after.push_back(before);
    uint32_t service = uint32_t(random.below(3));
    if (step.kind == StepKind::Act) {
      uint32_t before = std::exchange(last[service], i);
      bool known = std::count(step.after.begin(), step.after.end(), before) > 0;
      if (before != plan::none && !known) step.after.push_back(before);
      step.action = random_action(random, service);
      step.text = step.action.text;
      for (uint32_t undo = 0; undo < 3; ++undo)
        if (random.chance(0.5)) step.rollback.push_back(3 * service + undo);
    }
    if (step.kind == StepKind::Hold) step.hold_ns = random.below(100) * second;
    if (step.kind == StepKind::Hold && random.chance(0.5)) step.gates = {0};
    if (step.kind == StepKind::Approval) {
      step.approval = 0;
      step.text = "approve by " + plan::approval_text(p.approvals[0]);
    }
    p.steps.push_back(std::move(step));
  }
  return p;
}

Plan exposing_plan(uint64_t seed) {
  Plan p = small_plan(seed);
  Random random(seed + 1'000'000);
  auto set_share = [](plan::Action& action, int64_t whole) {
    action.sets.push_back({plan::Variable::Share, plan::Role::Canary,
                           eval::Value::of(eval::Value::Kind::Percent, whole * eval::percent_one)});
  };
  // The first undo of each service takes its share away, and every list begins, or ends, with it.
  for (uint32_t service = 0; service < 3; ++service) set_share(p.undo[3 * service], 0);
  for (Step& step : p.steps) {
    if (step.kind != StepKind::Act) continue;
    if (random.chance(0.7)) set_share(step.action, random.chance(0.2) ? 0 : 1 + random.below(100));
    uint32_t take = 3 * step.action.service;
    std::erase(step.rollback, take);
    step.rollback.insert(random.chance(0.5) ? step.rollback.begin() : step.rollback.end(), take);
  }
  return p;
}

}  // namespace rollout::verify
