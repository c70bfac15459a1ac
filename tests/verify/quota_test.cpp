// Proof 7, quota, against enumeration: small random plans, of which every set of steps that may have begun is looked
// at, each with its effect or not, and every order in which the way back may be gone from there. No target holds more
// instances than were proven; and nearly always it may really hold as many.
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "runtime/sim/random.h"
#include "tests/verify/every_state.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::Role;

constexpr uint32_t services = 3;
constexpr int64_t plans = 400;

/// By service and role.
using Counts = std::map<std::pair<uint32_t, Role>, int64_t>;

plan::Action setting(uint32_t service, Role role, int64_t instances) {
  plan::Action action;
  action.service = service;
  action.name = "set", action.text = fmt::format("set {} of {}", instances, service);
  action.sets = {{plan::Variable::Instances, role, eval::Value::of(eval::Value::Kind::Int, instances)}};
  return action;
}

/// Steps on one service follow each other; others may or may not wait.
Plan random_plan(sim::Random& random, Counts& first) {
  Plan plan;
  plan.targets = {{"hosts", "local", {}}};
  plan.targets[0].quota = 1 + random.below(30), plan.targets[0].others = random.below(3);
  for (uint32_t service = 0; service < services; ++service) {
    plan.services.push_back({fmt::format("s{}", service), "", {{"Workload", 0, {}}}, 0, 1 + random.below(5)});
    first[{service, Role::Stable}] = plan.services[service].replicas;
  }
  Counts now = first;
  std::map<uint32_t, uint32_t> last;
  std::map<uint32_t, std::vector<uint32_t>> undo;
  for (uint32_t i = 0, steps = 2 + uint32_t(random.below(4)); i < steps; ++i) {
    uint32_t service = uint32_t(random.below(services));
    Role role = random.chance(0.3) ? Role::Stable : Role::Canary;
    plan::Step step;
    plan.undo.push_back(setting(service, role, now[{service, role}]));
    undo[service].insert(undo[service].begin(), i);
    step.action = setting(service, role, now[{service, role}] = random.below(7));
    step.text = step.action.text, step.rollback = undo[service];
    std::set<uint32_t> after;
    if (last.contains(service)) after.insert(last[service]);
    for (uint32_t earlier = 0; earlier < i; ++earlier)
      if (random.chance(0.3)) after.insert(earlier);
    step.after = {after.begin(), after.end()};
    last[service] = i;
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

void set(const plan::Action& action, Counts& world) {
  for (const plan::Setting& one : action.sets) world[{action.service, one.role}] = one.value.number;
}

/// What the target holds at most in any state.
int64_t most_of(const Plan& plan, const Counts& first) {
  int64_t most = 0;
  EveryState<Counts>(plan, set, [&](const Counts& world) {
    int64_t sum = plan.targets[0].others;
    for (const auto& [of, count] : world) sum += count;
    most = std::max(most, sum);
  }).from(first);
  return most;
}

}  // namespace

TEST_CASE("a target never holds more instances than were proven, whatever has begun and whatever goes back") {
  sim::Random random(50);
  int64_t exact = 0, over = 0, found = 0;
  for (int64_t i = 0; i < plans; ++i) {
    Counts first;
    Plan plan = random_plan(random, first);
    int64_t most = most_of(plan, first);
    Proofs proofs = prove(plan);
    REQUIRE(proofs.facts.peaks.size() == 1);
    int64_t proven = proofs.facts.peaks[0].instances;
    INFO(i << ": " << most << " of " << proven);
    CHECK(most <= proven);
    exact += most == proven;
    bool says = std::any_of(proofs.findings.begin(), proofs.findings.end(),
                            [](const Finding& one) { return one.claim == Claim::Quota; });
    CHECK(says == (proven > plan.targets[0].quota));
    over += most > plan.targets[0].quota, found += says && most > plan.targets[0].quota;
    // The recheck does not believe a number that some path exceeds.
    plan.facts = proofs.facts;
    plan.facts->peaks[0].instances = 0;
    std::vector<std::string> broken = recheck(plan);
    CHECK(std::any_of(broken.begin(), broken.end(),
                      [](const std::string& one) { return one.find("instances at most") != std::string::npos; }));
  }
  CHECK(found == over);
  CHECK(over > plans / 10);
  WARN(fmt::format("{} plans: no state holds more, {} bounds are attained; {} over their quota, each found", plans,
                   exact, over));
}

}  // namespace rollout::verify
