// Of each kind of proof hundreds of mutants: correct plans with drawn holds, shares, traffic, instances and harm raise
// nothing; with one thing wrong in them, by a drawn amount, the proof finds it that is about this thing.
#include <functional>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "runtime/sim/random.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Comparison;
using plan::Plan;
using sim::Random;
using sim_test::minute;
using sim_test::second;

constexpr int64_t hour = 60 * minute, instances = 4;  // that `deploy` starts
constexpr int day = calendar::minutes_a_day, opens = 9 * 60, closes = 16 * 60;
constexpr uint64_t drawn = 300;
constexpr size_t first_hold = 2, second_hold = 4, second_shift = 3;

int64_t& share_of(Plan& plan, size_t step) { return plan.steps[step].action.sets[0].value.number; }

/// canary_plan() with a harm that both phases see, a router, a quota and a neighbour.
Plan judged_plan(Random& random) {
  Plan plan = sim_test::canary_plan((20 + random.below(60)) * minute);
  share_of(plan, 1) = (3 + random.below(8)) * eval::percent_one;
  share_of(plan, second_shift) = (20 + random.below(41)) * eval::percent_one;
  plan.services[0].traffic_uhz = (200 + random.below(1800)) * 1'000'000;
  plan.services[0].bindings = {{"Workload", 0, {}}, {"TrafficRouter", 1, {}}};
  plan.gates[0].harm_ppb = (20 + random.below(30)) * eval::percent_one / 10;
  plan.gates[0].harm_of = plan.conditions[0].left;
  plan.conditions[0].planned_blocks = 2 * plan.steps[first_hold].hold_ns / plan.gates[0].sample_ns;
  plan.budget_exposure_ns = hour;
  plan.beside = {{0, "shop:2", 0, plan::Range{"1", ""}, "shop.rollout:3"}};
  plan.targets[0].quota = 2 * instances;
  return plan;
}

Plan timed_plan(Random& random) {
  Plan plan = judged_plan(random);
  auto zone = calendar::zone_named(random.below(2) == 0 ? "Europe/Stockholm" : "America/New_York");
  REQUIRE(zone);
  plan.during = plan::During{{*zone, {{opens, closes}, {day + opens, day + closes}}, {}},
                             "", false, "office", "release.rollout:2"};
  return plan;
}

Plan asked_plan(Random& random) {
  Plan plan = sim_test::approval_plan(plan::Unapproved::Park), timed = timed_plan(random);
  plan.approvals[0].timeout_ns = (1 + random.below(30)) * minute;
  plan.during = timed.during;
  return plan;
}

Plan committed_plan(Random& random) {
  Plan plan = sim_test::commit_plan();
  for (size_t hold : {first_hold, second_hold}) plan.steps[hold].hold_ns = (1 + random.below(60)) * minute;
  return plan;
}

/// One mutant of each kind a seed.
class Mutants {
 public:
  using Visit = std::function<void(Claim, const std::string&, const Plan&)>;
  Mutants(uint64_t seed, const Visit& visit) : random_(seed), visit_(visit) {}

  /// The correct ones first, which raise nothing.
  std::vector<Plan> correct() {
    judged_ = judged_plan(random_), timed_ = timed_plan(random_), asked_ = asked_plan(random_);
    committed_ = committed_plan(random_);
    return {judged_, timed_, asked_, committed_};
  }
  void all() {
    back(), gates(), conditions(), times(), loads(), calendars(), neighbours();
  }

 private:
  void add(Claim claim, std::string what, const std::function<void(Plan&)>& change, const Plan& from) {
    Plan plan = from;
    change(plan);
    visit_(claim, what, plan);
  }
  void add(Claim claim, std::string what, const std::function<void(Plan&)>& change) {
    add(claim, std::move(what), change, judged_);
  }
  int64_t from(int64_t least, int64_t below) { return least + random_.below(below - least); }

  void back() {
    std::vector<std::pair<size_t, size_t>> places;
    for (size_t i = 0; i < judged_.steps.size(); ++i)
      for (size_t k = 0; k < judged_.steps[i].rollback.size(); ++k) places.emplace_back(i, k);
    auto [step, k] = places[size_t(random_.below(int64_t(places.size())))];
    add(Claim::WayBack, fmt::format("step {} forgets an undo action", step),
        [&](Plan& plan) { plan.steps[step].rollback.erase(plan.steps[step].rollback.begin() + long(k)); });
    add(Claim::WayBack, fmt::format("step {} leaves a share", step),
        [&](Plan& plan) { plan.undo[0].sets[0].value.number = from(1, eval::percent_all); });
    add(Claim::Commit, "nobody has judged", [](Plan& plan) {
      for (plan::Step& one : plan.steps) one.gates.clear();
    }, committed_);
    add(Claim::Commit, "no commit", [](Plan& plan) {
      for (plan::Step& one : plan.steps)
        if (one.kind == plan::StepKind::Commit) one.kind = plan::StepKind::Notify;
    }, committed_);
  }

  void gates() {
    const plan::Gate& gate = judged_.gates[0];
    add(Claim::Power, "the harm is below what is tolerated",
        [&](Plan& plan) { plan.gates[0].harm_ppb = from(1, eval::percent_one / 10); });
    add(Claim::Power, "next to no traffic", [&](Plan& plan) { plan.services[0].traffic_uhz = from(10'000, 100'000); });
    int64_t hold = judged_.steps[first_hold].hold_ns + gate.undecided.hold_ns;
    Plan copy = judged_;
    auto rate = [&](size_t shift) {
      return int64_t(double(judged_.services[0].traffic_uhz) / 1e6 * double(share_of(copy, shift)) / 1e9 *
                     double(hold) / 1e9);
    };
    add(Claim::Starved, "more requests than come",
        [&](Plan& plan) { plan.gates[0].minimum_requests = rate(second_shift) + from(1000, 1'000'000); });
  }

  void conditions() {
    bool equal = random_.below(2) == 0;
    double more = double(from(1, 20'000'000));
    add(Claim::Contradiction, "it requires more than it allows", [&](Plan& plan) {
      plan.conditions.push_back(plan.conditions[2]);
      plan.conditions.back().comparison = equal ? Comparison::Greater : Comparison::GreaterEqual;
      plan.conditions.back().offset = 0.01 * 1e9 + more;
      plan.gates[0].conditions.push_back(uint32_t(plan.conditions.size() - 1));
    });
    add(Claim::Contradiction, "it rejects all that it allows", [&](Plan& plan) {
      plan.conditions.push_back(plan.conditions[2]);
      plan.conditions.back().kind = plan::ConditionKind::Reject;
      plan.conditions.back().comparison = equal ? Comparison::LessEqual : Comparison::Less;
      plan.conditions.back().offset = 0.01 * 1e9 + more;
      plan.conditions.back().samples = 1;
      plan.gates[0].conditions.push_back(uint32_t(plan.conditions.size() - 1));
    });
    add(Claim::Constant, "no duration is below it", [&](Plan& plan) {
      plan.conditions[1].right.reset(), plan.conditions[1].factor = 0;
      plan.conditions[1].comparison = Comparison::Less;
      plan.conditions[1].offset = -more;
    });
    add(Claim::Constant, "all errors are below it", [&](Plan& plan) { plan.conditions[2].offset = 1e9 + more; });
  }

  void times() {
    plan::Facts facts = prove(judged_).facts;
    add(Claim::IdleWatch, "held for longer than all of it",
        [&](Plan& plan) { plan.watches[0].held_ns = facts.worst_ns + from(second, 10 * hour); });
    add(Claim::RollbackTime, "a rollback in less",
        [&](Plan& plan) { plan.rollback.within_ns = from(1, facts.back_once_ns); });
    REQUIRE(facts.exposure.size() == 1);
    REQUIRE(facts.exposure[0].harm_ns);
    add(Claim::Exposure, "a smaller budget",
        [&](Plan& plan) { plan.budget_exposure_ns = from(1, *facts.exposure[0].harm_ns); });
  }

  void loads() {
    Plan copy = judged_;
    int64_t first = share_of(copy, 1), more = share_of(copy, second_shift);
    int64_t enough = instances * eval::percent_all / more + 1;
    add(Claim::Capacity, "more traffic than instances",
        [&](Plan& plan) { plan.services[0].replicas = enough + from(1, 40); });
    add(Claim::Growth, "less traffic than before",
        [&](Plan& plan) { share_of(plan, second_shift) = from(1, first / eval::percent_one) * eval::percent_one; });
  }

  void calendars() {
    int64_t needs = prove(timed_).facts.start->needs_ns / minute;
    add(Claim::Window, "open for less than it takes", [&](Plan& plan) {
      plan.during->calendar.open = {{opens, opens + int(from(1, needs))}};
    }, timed_);
    add(Claim::Start, "policies forbid all that is early enough", [&](Plan& plan) {
      plan.forbidden = {{"later", *plan.during, false}};
      plan.forbidden[0].during.calendar.open = {{0, day + closes - int(from(0, needs))}};
    }, timed_);
    add(Claim::Answer, "people have longer than the window", [&](Plan& plan) {
      plan.approvals[0].timeout_ns = (closes - opens) * minute + from(0, 48 * hour);
    }, asked_);
    add(Claim::Answer, "people have all of the window, and the rest takes a while", [&](Plan& plan) {
      plan.approvals[0].timeout_ns = (closes - opens) * minute - from(0, minute);
    }, asked_);
  }

  void neighbours() {
    int64_t least = from(2, 50);
    add(Claim::Beside, "with nothing that runs", [&](Plan& plan) {
      plan.beside[0].range.reset();
      if (random_.below(2) == 0) plan.beside[0].range = plan::Range{"0.1", fmt::format("0.{}", least)};
    });
    add(Claim::Beside, "with newer ones",
        [&](Plan& plan) { plan.beside[0].range = plan::Range{std::to_string(least), ""}; });
    add(Claim::Quota, "a smaller quota", [&](Plan& plan) { plan.targets[0].quota = from(1, 2 * instances); });
    add(Claim::Quota, "others are there", [&](Plan& plan) {
      plan.targets[0].quota = 2 * instances + least;
      plan.targets[0].others = least + from(1, 20);
    });
  }

  Random random_;
  const Visit& visit_;
  Plan judged_, timed_, asked_, committed_;
};

std::string_view word_of(Claim claim) {
  Finding finding;
  finding.claim = claim;
  switch (claim) {  // these three share their names with others
    case Claim::WayBack: return "way back";
    case Claim::Commit: return "commit";
    default: return name_of(finding);
  }
}

}  // namespace

TEST_CASE("of each kind of proof three hundred mutants and more are caught") {
  std::map<std::string_view, std::pair<int, int>> caught;  // of all
  int correct = 0, found = 0, all = 0;
  Mutants::Visit visit = [&](Claim claim, const std::string& what, const Plan& plan) {
    std::vector<Finding> findings = prove(plan).findings;
    bool is = std::any_of(findings.begin(), findings.end(), [&](const Finding& one) { return one.claim == claim; });
    INFO(what << ", about " << word_of(claim));
    CHECK(is);
    auto& [good, of] = caught[word_of(claim)];
    good += is, ++of, found += is, ++all;
  };
  for (uint64_t seed = 1; seed <= drawn; ++seed) {
    INFO("seed " << seed);
    Mutants mutants(seed, visit);
    for (const Plan& plan : mutants.correct()) {
      Proofs proofs = prove(plan);
      for (const Finding& finding : proofs.findings)
        UNSCOPED_INFO(word_of(finding.claim) << ": " << finding.what << " " << path_text(finding.path));
      CHECK(proofs.findings.empty());
      ++correct;
    }
    mutants.all();
  }
  CHECK(caught.size() == 16);  // all but policies, which are broken as programs (policy_mutants_test.cpp)
  for (const auto& [kind, count] : caught) {
    CHECK(count.second >= int(drawn));
    WARN(fmt::format("{}: {} of {}", kind, count.first, count.second));
  }
  WARN(fmt::format("{} of {} mutants, of {} correct plans, seeds 1 to {}", found, all, correct, drawn));
}

}  // namespace rollout::verify
