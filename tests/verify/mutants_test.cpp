// Mutants of correct plans: each has one thing wrong, and the proof that is about this thing finds it. The correct
// plans raise nothing. totality_test.cpp has those of the way back.
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using sim_test::minute;
using sim_test::second;

constexpr int64_t hour = 60 * minute;
constexpr uint32_t last_gate = 0;

std::string_view name_of(Claim claim) {
  switch (claim) {
    case Claim::RollbackTime: return "rollback time";
    case Claim::WayBack: return "way back";
    case Claim::Commit: return "commit";
    case Claim::Exposure: return "exposure";
    case Claim::Constant: return "constant";
    case Claim::Contradiction: return "contradiction";
    case Claim::Power: return "power";
    case Claim::Starved: return "starved";
    case Claim::IdleWatch: return "idle watch";
    case Claim::Window: return "window";
    case Claim::Start: return "start";
    case Claim::Capacity: return "capacity";
    case Claim::Takeover: return "takeover";
    case Claim::Growth: return "growth";
    case Claim::Answer: return "answer";
    case Claim::Beside: return "beside";
    case Claim::Quota: return "quota";
    case Claim::Policy: return "policy";
  }
  return "";
}

/// canary_plan() with a harm that both phases see, the stable version's instances, and a router.
Plan judged_plan() {
  Plan plan = sim_test::canary_plan(30 * minute);
  plan.services[0].bindings = {{"Workload", 0, {}}, {"TrafficRouter", 1, {}}};
  plan.gates[last_gate].harm_ppb = 2 * eval::percent_one;
  plan.gates[last_gate].harm_of = plan.conditions[0].left;
  plan.conditions[0].planned_blocks = 2 * 360;
  plan.budget_exposure_ns = hour;
  plan.beside = {{0, "shop:2", 0, plan::Range{"1", ""}, "shop.rollout:3"}};
  plan.targets[0].quota = 8;
  return plan;
}

Plan timed_plan() {
  Plan plan = judged_plan();
  auto zone = calendar::zone_named("Europe/Stockholm");
  REQUIRE(zone);
  constexpr int tuesday = calendar::minutes_a_day;
  plan.during = plan::During{{*zone, {{9 * 60, 16 * 60}, {tuesday + 9 * 60, tuesday + 16 * 60}}, {}},
                             "", false, "office", "release.rollout:2"};
  return plan;
}

Plan asked_plan() {
  Plan plan = sim_test::approval_plan(plan::Unapproved::Park);
  plan.during = timed_plan().during;
  return plan;
}

struct Mutant {
  std::string what;
  Claim claim;
  Plan plan;
};

class Mutants {
 public:
  std::vector<Mutant> all() {
    gates(), conditions(), times(), loads(), shrinking(), calendars(), neighbours();
    return std::move(all_);
  }

 private:
  void add(std::string what, Claim claim, Plan plan) { all_.push_back({std::move(what), claim, std::move(plan)}); }

  void gates() {
    for (int64_t harm = 1; harm <= 20; ++harm) {  // below what is tolerated: nobody can see that
      Plan plan = judged_plan();
      plan.gates[last_gate].harm_ppb = harm * eval::percent_one / 200;
      add(fmt::format("harm {}/200 of a percent", harm), Claim::Power, std::move(plan));
    }
    for (int64_t samples = 1; samples <= 12; ++samples)
      for (size_t hold : {2u, 4u}) {
        Plan plan = judged_plan();
        plan.steps[hold].hold_ns = samples * plan.gates[last_gate].sample_ns;
        if (hold == 4 && samples > 2) continue;  // half of the traffic shows it soon
        add(fmt::format("step {} holds for {} samples", hold, samples), Claim::Power, std::move(plan));
      }
    for (int64_t traffic = 1; traffic <= 20; ++traffic) {
      Plan plan = judged_plan();
      plan.services[0].traffic_uhz = traffic * 100'000;
      add(fmt::format("{} tenths of a request a second", traffic), Claim::Power, std::move(plan));
    }
    for (int64_t least = 1; least <= 20; ++least) {
      Plan plan = judged_plan();
      int64_t minimum = 18'300 + least * 10'000;  // 10/s for 30m30s
      plan.gates[last_gate].minimum_requests = minimum;
      add(fmt::format("minimum {}", minimum), Claim::Starved, std::move(plan));
    }
  }

  void conditions() {
    using plan::Comparison;
    for (int64_t i = 1; i <= 20; ++i) {
      Plan above = judged_plan();  // `canary errors <= 1%` beside `canary errors > 1% + …`
      above.conditions.push_back(above.conditions[2]);
      above.conditions.back().comparison = i % 2 ? Comparison::Greater : Comparison::GreaterEqual;
      above.conditions.back().offset = 0.01 * 1e9 + double(i) * 1e6;
      above.gates[0].conditions.push_back(uint32_t(above.conditions.size() - 1));
      add(fmt::format("requires more than it allows, {}", i), Claim::Contradiction, above);
      above.conditions.back().kind = plan::ConditionKind::Reject;
      above.conditions.back().comparison = i % 2 ? Comparison::LessEqual : Comparison::Less;
      above.conditions.back().samples = 1;
      add(fmt::format("rejects all that it allows, {}", i), Claim::Contradiction, std::move(above));
      Plan never = judged_plan();
      never.conditions[1].offset = never.conditions[1].factor = 0;
      never.conditions[1].right.reset();
      never.conditions[1].comparison = Comparison::Less;
      never.conditions[1].offset = -double(i);
      add(fmt::format("rejects a duration below {} ns", -i), Claim::Constant, std::move(never));
      Plan always = judged_plan();
      always.conditions[2].offset = 1e9 + double(i - 1) * 1e6;
      add(fmt::format("allows errors up to {} ppm", 1'000'000 + (i - 1) * 1000), Claim::Constant, std::move(always));
      Plan watch = judged_plan();
      watch.conditions[4].comparison = Comparison::GreaterEqual;
      watch.conditions[4].offset = -double(i - 1);
      add(fmt::format("a watch for a duration of at least {} ns", 1 - i), Claim::Constant, std::move(watch));
    }
  }

  void times() {
    for (int64_t i = 1; i <= 20; ++i) {
      Plan idle = judged_plan();
      idle.watches[0].held_ns = 3 * hour + i * minute;
      add(fmt::format("a watch held for 3h{}m", i), Claim::IdleWatch, std::move(idle));
      Plan late = judged_plan();
      late.rollback.within_ns = i * 4 * second;
      add(fmt::format("a rollback within {} s", i * 4), Claim::RollbackTime, std::move(late));
      Plan spent = judged_plan();
      spent.budget_exposure_ns = i * second;
      add(fmt::format("a budget of {} s", i), Claim::Exposure, std::move(spent));
    }
  }

  void loads() {
    for (int64_t replicas = 5; replicas <= 24; ++replicas) {  // deploy starts four
      Plan few = judged_plan();
      few.services[0].replicas = 2 * replicas;
      add(fmt::format("half of the traffic for 4 of {}", 2 * replicas), Claim::Capacity, std::move(few));
    }
    for (int64_t share : {60, 70, 80, 90, 100}) {
      Plan more = judged_plan();
      more.services[0].replicas = 8;
      more.steps[3].action.sets[0].value.number = share * eval::percent_one;
      add(fmt::format("{}% for half of the instances", share), Claim::Capacity, std::move(more));
    }
  }

  void shrinking() {
    for (int64_t less = 1; less <= 10; ++less) {
      Plan plan = judged_plan();
      int64_t first = plan.steps[1].action.sets[0].value.number;
      plan.steps[3].action.sets[0].value.number = first - first * less / 11;
      add(fmt::format("{}/11 less than before", less), Claim::Growth, std::move(plan));
    }
  }

  void neighbours() {
    for (int64_t least = 2; least <= 11; ++least) {  // shop:1 runs, shop:2 comes
      Plan beside = judged_plan();
      beside.beside = {{0, "shop:2", 0, plan::Range{std::to_string(least), ""}, "shop.rollout:3"}};
      add(fmt::format("compatible with >= {}", least), Claim::Beside, beside);
      beside.beside[0].range = least % 2 ? std::nullopt : std::optional(plan::Range{"0.1", fmt::format("0.{}", least)});
      add(fmt::format("compatible with nothing that runs, {}", least), Claim::Beside, std::move(beside));
    }
    for (int64_t quota = 1; quota < 8; ++quota) {
      Plan plan = judged_plan();
      plan.targets[0].quota = quota;
      add(fmt::format("quota {}", quota), Claim::Quota, plan);
      plan.targets[0].quota = quota + 8;
      plan.targets[0].others = quota + 1;
      add(fmt::format("quota {} with {} others", quota + 8, quota + 1), Claim::Quota, std::move(plan));
    }
  }

  void calendars() {
    for (int minutes = 10; minutes <= 60; minutes += 5) {
      Plan plan = timed_plan();
      plan.during->calendar.open = {{9 * 60, 9 * 60 + minutes}};
      add(fmt::format("open for {} minutes", minutes), Claim::Window, plan);
      Plan forbidden = timed_plan();  // it needs 1h10m: only what begins early enough is safe
      forbidden.forbidden = {{"later", *forbidden.during, false}};
      forbidden.forbidden[0].during.calendar.open = {{0, 2 * calendar::minutes_a_day - minutes}};
      add(fmt::format("a policy forbids all but {} minutes", minutes), Claim::Start, std::move(forbidden));
      Plan asked = asked_plan();
      asked.approvals[0].timeout_ns = 7 * hour + minutes * minute;
      add(fmt::format("an answer within 7h{}m", minutes), Claim::Answer, std::move(asked));
    }
  }

  std::vector<Mutant> all_;
};

}  // namespace

TEST_CASE("the plans that mutants are made of raise no finding") {
  for (const Plan& plan : {judged_plan(), timed_plan(), asked_plan()}) {
    Proofs proofs = prove(plan);
    for (const Finding& finding : proofs.findings)
      UNSCOPED_INFO(name_of(finding.claim) << ": " << finding.what << " " << path_text(finding.path));
    CHECK(proofs.findings.empty());
  }
}

TEST_CASE("every mutant is caught by the proof that it breaks") {
  std::map<std::string_view, std::pair<int, int>> caught;  // of all
  int64_t all = 0;
  for (const Mutant& mutant : Mutants().all()) {
    std::vector<Finding> findings = prove(mutant.plan).findings;
    bool found = std::any_of(findings.begin(), findings.end(),
                             [&](const Finding& finding) { return finding.claim == mutant.claim; });
    INFO(mutant.what << ", about " << name_of(mutant.claim));
    CHECK(found);
    auto& [good, of] = caught[name_of(mutant.claim)];
    good += found, ++of, ++all;
  }
  CHECK(all >= 201);  // 99 more have one thing wrong in their way back
  for (const auto& [claim, count] : caught) WARN(fmt::format("{}: {} of {}", claim, count.first, count.second));
  WARN(fmt::format("{} mutants", all));
}

}  // namespace rollout::verify
