// Proofs 1 and 2: correct plans raise nothing, and each of their mutants is caught.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/exposure.h"
#include "compiler/verify/proofs.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;

std::vector<std::pair<std::string, Plan>> correct() {
  return {{"canary", sim_test::canary_plan()},   {"ungated", sim_test::ungated_plan()},
          {"parallel", sim_test::parallel_plan()}, {"scoped", sim_test::scoped_plan()},
          {"approval", sim_test::approval_plan(plan::Unapproved::Park)}, {"commit", sim_test::commit_plan()}};
}

bool refuses(const Plan& plan) {
  for (const Finding& finding : prove(plan).findings)
    if (finding.claim != Claim::RollbackTime) return true;
  return false;
}

/// Each with one thing wrong in its way back.
std::vector<std::pair<std::string, Plan>> mutants_of(const Plan& plan) {
  std::vector<std::pair<std::string, Plan>> mutants;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const std::vector<uint32_t>& list = plan.steps[i].rollback;
    for (size_t k = 0; k < list.size(); ++k) {
      Plan dropped = plan;
      dropped.steps[i].rollback.erase(dropped.steps[i].rollback.begin() + long(k));
      mutants.emplace_back(fmt::format("step {} without undo {}", i, k), dropped);
      Plan other = plan;
      other.services.push_back(other.services[0]);
      other.undo.push_back(other.undo[list[k]]);
      other.undo.back().service = uint32_t(other.services.size() - 1);
      other.steps[i].rollback[k] = uint32_t(other.undo.size() - 1);
      mutants.emplace_back(fmt::format("step {}, undo {} of another service", i, k), other);
    }
  }
  for (uint32_t k = 0; k < plan.undo.size(); ++k)
    for (size_t s = 0; s < plan.undo[k].sets.size(); ++s) {
      const eval::Value& value = plan.undo[k].sets[s].value;
      bool number = value.is(eval::Value::Kind::Percent) || value.is(eval::Value::Kind::Int);
      bool used = std::any_of(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& step) {
        return std::count(step.rollback.begin(), step.rollback.end(), k) > 0;
      });
      if (!used) continue;
      if (!number && !value.is(eval::Value::Kind::Image)) continue;
      Plan wrong = plan;
      if (number) wrong.undo[k].sets[s].value.number += 1;
      else wrong.undo[k].sets[s].value.text = "shop:0";
      mutants.emplace_back(fmt::format("undo {} sets another value", k), wrong);
    }
  return mutants;
}

}  // namespace

TEST_CASE("correct plans raise no finding") {
  for (const auto& [name, plan] : correct()) {
    INFO(name);
    CHECK(!refuses(plan));
  }
}

TEST_CASE("every mutant of a way back is caught") {
  int caught = 0, all = 0;
  for (const auto& [name, plan] : correct())
    for (const auto& [what, mutant] : mutants_of(plan)) {
      INFO(name << ": " << what);
      CHECK(refuses(mutant));
      caught += refuses(mutant);
      ++all;
    }
  WARN(fmt::format("{} of {} mutants are caught", caught, all));
}

TEST_CASE("the canary is never taken away under its traffic") {
  Plan plan = sim_test::canary_plan();
  std::swap(plan.steps[3].rollback[0], plan.steps[3].rollback[1]);
  std::vector<Finding> findings = prove(plan).findings;
  REQUIRE(!findings.empty());
  CHECK(findings[0].what.find("takes the canary away while it has") != std::string::npos);
}

TEST_CASE("what cannot be undone stands behind a commit, and the commit behind a judgement") {
  Plan plan = sim_test::commit_plan();
  Plan uncommitted = plan;
  for (plan::Step& step : uncommitted.steps)
    if (step.kind == plan::StepKind::Commit) step.kind = plan::StepKind::Notify;
  CHECK(refuses(uncommitted));
  Plan unguarded = plan;
  for (plan::Step& step : unguarded.steps) step.gates.clear();
  CHECK(refuses(unguarded));
}

TEST_CASE("a rule that a slow rollback cannot keep is named with its path") {
  Plan plan = sim_test::canary_plan();
  plan.rollback.within_ns = 40 * sim_test::second;
  plan.rollback.place = "shop.rollout:7";
  std::vector<Finding> findings = prove(plan).findings;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].claim == Claim::RollbackTime);
  CHECK(findings[0].bound_ns == 90 * sim_test::second);
  CHECK(findings[0].place == "shop.rollout:7");
  CHECK(path_text(findings[0].path) ==
        "00:00 promote checkout has begun, and it goes back → 00:00 restore shop:1 → 00:30 shift checkout to 0% → "
        "01:00 retire the canary → 01:30 everything is restored");
}

TEST_CASE("an exposure budget is compared with the proven exposure to harm") {
  Plan plan = sim_test::canary_plan();
  plan::Facts facts = prove(plan).facts;
  REQUIRE(facts.exposure.size() == 1);
  REQUIRE(!facts.exposure[0].harm_ns);
  CHECK(!over_budget(plan, facts, 1));
  facts.exposure[0].harm_ns = 1000;
  CHECK(!over_budget(plan, facts, 1000));
  std::optional<Finding> over = over_budget(plan, facts, 999);
  REQUIRE(over);
  CHECK(over->claim == Claim::Exposure);
  CHECK(over->bound_ns == 1000);
}

}  // namespace rollout::verify
