// Proofs 1 and 7 against enumeration: every set of steps of a small plan that may have begun, each last effect there or
// not, and every action of the way back from there.
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "runtime/sim/random.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::Role;
using plan::Step;
using plan::StepKind;
using plan::Variable;

constexpr uint64_t plans = 3000;
constexpr int64_t replicas = 10;
constexpr uint32_t services = 2;

plan::Action action_of(uint32_t service, int64_t instances, int64_t share) {
  plan::Action action;
  action.service = service;
  action.within_ns = sim_test::second;
  action.text = "act";
  if (instances >= 0)
    action.sets.push_back({Variable::Instances, Role::Canary, eval::Value::of(eval::Value::Kind::Int, instances)});
  if (share >= 0)
    action.sets.push_back(
        {Variable::Share, Role::Canary, eval::Value::of(eval::Value::Kind::Percent, share * eval::percent_one)});
  return action;
}

/// Up to five steps on two services. Most of the ways back are right: the share goes first, then the instances.
Plan stepping_plan(uint64_t seed) {
  sim::Random random(seed);
  Plan p;
  p.targets.resize(1);
  for (uint32_t service = 0; service < services; ++service) {
    p.services.push_back({fmt::format("s{}", service), "", {{"TrafficRouter", 0, {}}}, 0, replicas});
    p.undo.push_back(action_of(service, -1, 0));
    p.undo.push_back(action_of(service, 0, -1));
    p.undo.push_back(action_of(service, 0, 0));
  }
  uint32_t last[services] = {plan::none, plan::none};
  for (int64_t i = 0, steps = 1 + random.below(5); i < steps; ++i) {
    Step step;
    uint32_t service = uint32_t(random.below(services)), before = std::exchange(last[service], uint32_t(i));
    bool first = before == plan::none, grows = first ? random.chance(0.9) : random.chance(0.2);
    step.action = action_of(service, grows ? random.below(replicas + 1) : -1, grows ? -1 : random.below(11) * 10);
    if (before != plan::none) step.after.push_back(before);
    else if (i > 0 && random.chance(0.5)) step.after.push_back(uint32_t(i - 1));
    uint32_t own = 3 * service;
    std::vector<std::vector<uint32_t>> ways = {{own, own + 1}, {own + 2}, {own, own + 2}};
    step.rollback = ways[size_t(random.below(3))];
    if (random.chance(0.1)) step.rollback = {own + 1, own};
    if (random.chance(0.1)) step.rollback = {own + uint32_t(random.below(3))};
    p.steps.push_back(std::move(step));
  }
  return p;
}

// ---- the oracle ----

struct World {
  int64_t instances[services] = {}, share[services] = {};
};

struct Seen {
  bool stays = false;       ///< something is not what it was
  bool taken_away = false;  ///< instances went while there was traffic
  bool overloaded = false;
  void look(const World& world) {
    for (uint32_t i = 0; i < services; ++i)
      overloaded = overloaded || world.share[i] * replicas > world.instances[i] * eval::percent_all;
  }
};

void apply(const plan::Action& action, World& world) {
  for (const plan::Setting& set : action.sets)
    (set.variable == Variable::Share ? world.share : world.instances)[action.service] = set.value.number;
}

/// `begun`, and which of the last steps of the services have had their effect.
void go_back(const Plan& plan, uint32_t begun, uint32_t effects, Seen& seen) {
  World world;
  uint32_t last[services] = {plan::none, plan::none};
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (begun >> i & 1) last[plan.steps[i].action.service] = i;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    uint32_t service = plan.steps[i].action.service;
    if (!(begun >> i & 1) || (last[service] == i && !(effects >> service & 1))) continue;
    apply(plan.steps[i].action, world);
  }
  seen.look(world);
  for (uint32_t service = 0; service < services; ++service) {
    if (last[service] == plan::none) continue;
    for (uint32_t index : plan.steps[last[service]].rollback) {
      const plan::Action& undo = plan.undo[index];
      bool keeps_share = undo.sets.size() == 1 && undo.sets[0].variable == Variable::Instances;
      seen.taken_away = seen.taken_away || (keeps_share && world.share[service] > 0);
      apply(undo, world);
      seen.look(world);
    }
  }
  for (uint32_t i = 0; i < services; ++i) seen.stays = seen.stays || world.instances[i] != 0 || world.share[i] != 0;
}

Seen every_state(const Plan& plan, int64_t& states) {
  Seen seen;
  for (uint32_t begun = 1; begun < 1u << plan.steps.size(); ++begun) {
    bool possible = true;
    for (uint32_t i = 0; i < plan.steps.size(); ++i)
      for (uint32_t before : plan.steps[i].after) possible = possible && (!(begun >> i & 1) || (begun >> before & 1));
    for (uint32_t effects = 0; possible && effects < 1u << services; ++effects, ++states)
      go_back(plan, begun, effects, seen);
  }
  return seen;
}

}  // namespace

TEST_CASE("a way back is refused, and a share too large is found, exactly where some state shows it") {
  int64_t states = 0, refused = 0, overloaded = 0;
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    Plan plan = stepping_plan(seed);
    Seen seen = every_state(plan, states);
    bool wrong_way = false, overload = false;
    for (const Finding& finding : prove(plan).findings) {
      wrong_way = wrong_way || finding.claim == Claim::WayBack;
      overload = overload || finding.claim == Claim::Capacity;
    }
    INFO("seed " << seed);
    CHECK(wrong_way == (seen.stays || seen.taken_away));
    CHECK(overload == seen.overloaded);
    refused += wrong_way, overloaded += overload;
  }
  CHECK(refused > int64_t(plans) / 20);
  CHECK(refused < int64_t(plans) * 3 / 4);
  CHECK(overloaded > int64_t(plans) / 20);
  CHECK(overloaded < int64_t(plans) * 3 / 4);
  WARN(fmt::format("{} plans, {} states: {} ways back refused, {} overloads, each as enumerated", plans, states,
                   refused, overloaded));
}

}  // namespace rollout::verify
