// What versions live beside: small random plans, of which every set of steps that may have begun is enumerated, and
// from each of them every order in which the way back may be gone. What the proof says is met is what is met there.
#include <array>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "runtime/sim/random.h"
#include "tests/verify/every_state.h"

namespace rollout::verify {

namespace {

using plan::Plan;

constexpr uint32_t first_service = 0, second_service = 1, database = 2, subjects = 3;

struct Cells {
  std::string stable, canary;
};
using World = std::array<Cells, subjects>;

eval::Value image(const std::string& text) {
  return text.empty() ? eval::Value{} : eval::Value::of(eval::Value::Kind::Image, text);
}

plan::Action setting(uint32_t subject, const Cells& to) {
  plan::Action action;
  action.service = subject;
  action.name = "set", action.text = fmt::format("set {} to {}/{}", subject, to.stable, to.canary);
  if (subject == database)
    action.sets = {{plan::Variable::Schema, plan::Role::All, eval::Value::of(eval::Value::Kind::String, to.stable)}};
  else
    action.sets = {{plan::Variable::Version, plan::Role::Stable, image(to.stable)},
                   {plan::Variable::Version, plan::Role::Canary, image(to.canary)}};
  return action;
}

World world_at_first() { return {{{"a:1", ""}, {"b:1", ""}, {"V1__x", ""}}}; }

/// Steps of one subject follow each other; others may or may not wait.
Plan random_plan(sim::Random& random) {
  Plan plan;
  plan.targets = {{"hosts", "local", {}}};
  for (const char* name : {"a", "b", "d"}) {
    plan.services.push_back({name, "", {{"Workload", 0, {}}}});
    bool schema = name == std::string("d");
    std::string what = plan::variable_text(
        plan.services.back(), schema ? plan::Variable::Schema : plan::Variable::Version,
        schema ? plan::Role::All : plan::Role::Stable);
    eval::Value value = schema ? eval::Value::of(eval::Value::Kind::String, "V1__x") : image(fmt::format("{}:1", name));
    plan.observed.push_back({what, value, "target hosts"});
  }
  plan.services[database].subject = plan::Subject::Database;
  World now = world_at_first();
  std::array<std::vector<uint32_t>, subjects> undo;
  std::array<uint32_t, subjects> last = {plan::none, plan::none, plan::none};
  std::array<int, subjects> version = {1, 1, 1};
  uint32_t steps = 3 + uint32_t(random.below(4));
  for (uint32_t i = 0; i < steps; ++i) {
    plan::Step step;
    uint32_t subject = uint32_t(random.below(subjects));
    if (i > 1 && random.below(6) == 0) {
      step.kind = plan::StepKind::Commit;
      for (uint32_t before = 0; before < i; ++before) step.after.push_back(before);
      for (uint32_t one = 0; one < subjects; ++one) undo[one].clear(), last[one] = i;
      plan.steps.push_back(std::move(step));
      continue;
    }
    Cells before = now[subject], &cells = now[subject];
    if (subject == database) cells.stable = fmt::format("V{}__x", ++version[subject]);
    else if (cells.canary.empty()) cells.canary = fmt::format("{}:{}", plan.services[subject].name, ++version[subject]);
    else cells.stable = std::exchange(cells.canary, "");
    step.action = setting(subject, cells);
    step.text = step.action.text;
    step.place = fmt::format("a.rollout:{}", i + 1);
    plan.undo.push_back(setting(subject, before));
    undo[subject].insert(undo[subject].begin(), uint32_t(plan.undo.size() - 1));
    step.rollback = undo[subject];
    std::set<uint32_t> after;
    if (last[subject] != plan::none) after.insert(last[subject]);
    for (uint32_t earlier = 0; earlier < i; ++earlier)
      if (random.below(4) == 0 || plan.steps[earlier].kind == plan::StepKind::Commit) after.insert(earlier);
    step.after = {after.begin(), after.end()};
    last[subject] = i;
    plan.steps.push_back(std::move(step));
  }
  for (uint32_t own : {first_service, second_service})
    for (int number = 1; number <= version[own]; ++number)
      for (uint32_t with : {uint32_t(1 - own), database})
        plan.beside.push_back(
            {own, fmt::format("{}:{}", plan.services[own].name, number), with, plan::Range{}, "here"});
  return plan;
}

void set(const plan::Action& action, World& world) {
  for (const plan::Setting& one : action.sets)
    (one.role == plan::Role::Canary ? world[action.service].canary : world[action.service].stable) = one.value.text;
}

using Met = std::set<std::pair<uint32_t, std::string>>;  ///< Plan::beside, and what it meets

/// What is met in any state.
Met met_in(const Plan& plan) {
  Met met;
  EveryState<World>(plan, set, [&](const World& world) {
    for (uint32_t i = 0; i < plan.beside.size(); ++i) {
      const plan::Beside& one = plan.beside[i];
      const Cells &own = world[one.service], &with = world[one.with];
      if (own.stable != one.image && own.canary != one.image) continue;
      for (const std::string& other : {with.stable, with.canary})
        if (!other.empty()) met.insert({i, other});
    }
  }).from(world_at_first());
  return met;
}

Met said(const plan::Facts& facts) {
  Met met;
  for (const plan::BesideFacts& one : facts.beside)
    for (const std::string& other : one.meets) met.insert({one.beside, other});
  return met;
}

}  // namespace

TEST_CASE("what versions meet is what they meet in every state of every path") {
  sim::Random random(43);
  size_t pairs = 0;
  for (int i = 0; i < 400; ++i) {
    Plan plan = random_plan(random);
    Met met = met_in(plan);
    Proofs proofs = prove(plan);
    INFO(i << ": " << plan::to_json(plan));
    CHECK(said(proofs.facts) == met);
    plan.facts = proofs.facts;
    for (const std::string& broken : recheck(plan)) CHECK(broken.find("meets") == std::string::npos);
    pairs += met.size();
  }
  WARN(fmt::format("{} meetings in 400 plans", pairs));
}

TEST_CASE("a declaration that leaves out something that is met is caught, and only then") {
  sim::Random random(7);
  size_t caught = 0, all = 0;
  for (int i = 0; i < 60; ++i) {
    Plan plan = random_plan(random);
    const plan::Facts facts = prove(plan).facts;
    for (const plan::BesideFacts& fact : facts.beside)
      for (const std::string& other : fact.meets) {
        std::string number = plan::version_beside(plan.beside[fact.beside].with == database, other);
        Plan above = plan, below = plan;
        above.beside[fact.beside].range = plan::Range{number + ".1", ""};
        below.beside[fact.beside].range = plan::Range{"0", fmt::format("{}.9", std::stoi(number) - 1)};
        for (const Plan& mutant : {above, below}) {
          std::vector<Finding> findings = prove(mutant).findings;
          bool found = std::any_of(findings.begin(), findings.end(),
                                   [](const Finding& one) { return one.claim == Claim::Beside; });
          caught += found, ++all;
        }
        above.facts = facts;
        CHECK(!recheck(above).empty());
      }
  }
  CHECK(caught == all);
  WARN(fmt::format("{} of {} mutants are caught", caught, all));
}

}  // namespace rollout::verify
