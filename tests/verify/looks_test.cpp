// Proof 3 over looks: a watch that proves takes a regression back in every hold under it, and while people are asked.
// No run of a random plan exposes to more of it than was proven, whenever it begins and whenever people answer.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/recheck.h"
#include "tests/sim/plans.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using sim_test::minute;
using sim_test::second;

constexpr int64_t hour = 60 * minute;

/// watched_plan() in which the regression that matters is named, and nothing but the watch proves it.
Plan named_plan(int64_t hold_ns, int64_t harm_ppb = 3 * eval::percent_one) {
  Plan plan = sim_test::watched_plan(hold_ns);
  plan.gates[0].harm_ppb = harm_ppb;
  plan.gates[0].harm_of = plan.conditions[0].left;
  return plan;
}

/// With an approval in front of step `at`.
void ask_before(Plan& plan, uint32_t at, int64_t timeout_ns) {
  Step ask;
  ask.kind = StepKind::Approval;
  ask.approval = uint32_t(plan.approvals.size());
  plan.approvals.push_back({"sre", {"anna"}, 1, timeout_ns, plan::Unapproved::Rollback});
  ask.text = "approve by " + plan::approval_text(plan.approvals.back());
  plan.steps.insert(plan.steps.begin() + at, ask);
  for (uint32_t i = at; i < plan.steps.size(); ++i) plan.steps[i].after = {i - 1};
  plan::Watch& watch = plan.watches[0];
  watch.last_step = uint32_t(plan.steps.size() - 1);
  plan.conditions[watch.condition].planned_blocks += timeout_ns / watch.sample_ns;
}

int64_t harm_of(const Plan& plan) {
  plan::Facts facts = prove(plan).facts;
  REQUIRE(facts.exposure.size() == 1);
  REQUIRE(facts.exposure[0].harm_ns);
  return *facts.exposure[0].harm_ns;
}

/// What users meet of the version from `at_ns` on, when it is worse by `harm_ppb` from then on.
int64_t met_from(const Plan& plan, int64_t at_ns, int64_t harm_ppb, const sim::Scenario& world, bool& taken_back) {
  sim::Scenario worse = world, healthy = world;
  worse.truths = {{sim_test::error_rate, plan::Role::Canary,
                   {{at_ns, sim::default_error_ppb + double(harm_ppb)}}}};
  healthy.abort_at_ns = at_ns;
  sim::SimResult result = sim::run_simulation(plan, worse);
  taken_back = result.outcome == journal::Outcome::RolledBack;
  return result.exposure_ns[0] - (at_ns == 0 ? 0 : sim::run_simulation(plan, healthy).exposure_ns[0]);
}

/// canary_plan() with some phases of random shares and lengths: judged or bare, with people in front or without, under
/// a watch over all of them or over some.
Plan random_plan(sim::Random& random) {
  Plan plan = named_plan((2 + random.below(9)) * minute, (2 + random.below(7)) * eval::percent_one);
  Step shift = plan.steps[1], hold = plan.steps[2], promote = plan.steps[5];
  plan.steps.resize(1);
  int64_t share = 1 + random.below(5);
  for (int64_t phases = 1 + random.below(4); phases > 0; --phases, share = std::min<int64_t>(90, share * 3)) {
    shift.action.sets[0].value.number = share * eval::percent_one;
    plan.steps.push_back(shift);
    hold.hold_ns = (1 + random.below(8)) * minute / 2;
    hold.gates.clear();
    if (random.chance(0.6)) hold.gates = {0};
    plan.steps.push_back(hold);
  }
  plan.steps.push_back(promote);
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    plan.steps[i].phase = plan::none;
    plan.steps[i].after.clear();
    if (i > 0) plan.steps[i].after = {i - 1};
  }
  for (uint32_t i = 3; i + 1 < plan.steps.size(); i += 2)
    if (random.chance(0.4)) ask_before(plan, i, (5 + random.below(55)) * minute);
  if (random.chance(0.4)) ask_before(plan, uint32_t(plan.steps.size() - 1), (5 + random.below(55)) * minute);
  plan::Watch& watch = plan.watches[0];
  watch.last_step = uint32_t(plan.steps.size() - 1);
  if (random.chance(0.3)) watch.first_step = uint32_t(random.below(3));
  if (random.chance(0.3)) watch.last_step = uint32_t(watch.last_step - random.below(3));
  watch.sample_ns = (1 + random.below(4)) * 5 * second;
  if (random.chance(0.3)) plan.gates[0].conditions = {0, 2};  // the gate proves it as well
  plan.conditions[watch.condition].planned_blocks = plan.conditions[0].planned_blocks = 4 * hour / watch.sample_ns;
  return plan;
}

}  // namespace

TEST_CASE("a watch that proves bounds what users meet, where no gate does") {
  Plan plan = named_plan(10 * minute), without = plan;
  without.watches.clear();
  CHECK(!prove(without).facts.exposure[0].harm_ns);
  plan::Facts facts = prove(plan).facts;
  CHECK(harm_of(plan) * 3 < facts.exposure[0].unseen_ns);
  CHECK(facts.detect_ns);
  Plan seldom = plan;
  seldom.watches[0].sample_ns = minute;
  CHECK(harm_of(seldom) > harm_of(plan));
  // Over the first phase alone it says nothing of the second, where more of the traffic is.
  Plan part = plan;
  part.watches[0].last_step = 2;
  CHECK(harm_of(part) > 2 * harm_of(plan));
}

TEST_CASE("a watch bounds what users meet while people are asked") {
  Plan plan = named_plan(10 * minute), asks = plan, unwatched = plan;
  ask_before(asks, 5, 4 * hour);
  ask_before(unwatched, 5, 4 * hour);
  // A gate of the same power looks at its own holds only.
  unwatched.gates[0].conditions = {0, 2};
  unwatched.watches.clear();
  unwatched.conditions[0].planned_blocks = 400;
  CHECK(harm_of(unwatched) > hour);
  CHECK(harm_of(asks) < 5 * minute);
  int64_t met_most = 0;
  for (int64_t at = 0; at < 250 * minute; at += 13 * minute + 7 * second)
    for (int64_t answer : {25 * minute, 260 * minute}) {
      sim::Scenario world;
      world.answers = {{"anna", answer, false}};
      bool back = false;
      int64_t met = met_from(asks, at, 3 * eval::percent_one, world, back);
      INFO("from " << at / second << " s on, answered after " << answer / second << " s");
      CHECK(met <= harm_of(asks));
      met_most = std::max(met_most, met);
    }
  CHECK(met_most > 5 * second);
}

// The first of two steps that begin at once is no joint: the other's share does not wait for it.
TEST_CASE("a share that is set beside the first step is exposed while that one takes its time") {
  Plan plan = sim_test::parallel_plan();
  plan.steps.resize(2);
  plan.steps[1].action.sets = {{plan::Variable::Share, plan::Role::Canary,
                                eval::Value::of(eval::Value::Kind::Percent, 100 * eval::percent_one)}};
  Step hold;
  hold.kind = StepKind::Hold;
  hold.hold_ns = minute;
  hold.after = {0, 1};
  plan.steps.push_back(hold);
  plan::Facts facts = prove(plan).facts;
  REQUIRE(facts.exposure.size() == 1);
  CHECK(facts.exposure[0].service == 1);
  CHECK(facts.exposure[0].unseen_ns >= facts.worst_ns);
}

TEST_CASE("the recheck counts exposure to the nanosecond, and does not let harm be made small") {
  constexpr uint64_t plans = 300;
  int64_t agreed = 0, caught = 0, made_small = 0;
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    sim::Random random(seed);
    Plan plan = random_plan(random);
    plan.facts = prove(plan).facts;
    std::vector<std::string> broken = recheck(plan);
    INFO("seed " << seed << (broken.empty() ? "" : ": " + broken[0]));
    CHECK(broken.empty());
    agreed += broken.empty();
    for (int64_t change : {-1, 1}) {
      Plan other = plan;
      other.facts->exposure[0].unseen_ns += change;
      if (other.facts->exposure[0].harm_ns) other.facts->exposure[0].harm_ns = 0;
      CHECK(!recheck(other).empty());
    }
    if (!plan.facts->exposure[0].harm_ns) continue;
    ++made_small;
    *plan.facts->exposure[0].harm_ns /= 2;
    caught += !recheck(plan).empty();
  }
  CHECK(caught * 10 >= made_small * 9);
  WARN(fmt::format("{} of {} plans agree; {} of {} halves of harm are caught", agreed, plans, caught, made_small));
}

TEST_CASE("no run exposes to more of a regression than its looks allow") {
  constexpr uint64_t plans = 120;
  int64_t runs = 0, seen = 0, bounded = 0;
  double closest = 0;
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    sim::Random random(seed);
    Plan plan = random_plan(random);
    plan::Facts facts = prove(plan).facts;
    REQUIRE(facts.exposure.size() == 1);
    if (!facts.exposure[0].harm_ns) continue;
    int64_t bound = *facts.exposure[0].harm_ns, harm = plan.gates[0].harm_ppb;
    bounded += bound < facts.exposure[0].unseen_ns;
    sim::Scenario world;
    world.settle_ns = random.below(26) * second;
    for (const plan::Approval& approval : plan.approvals)
      world.answers.push_back({"anna", random.below(2 * approval.timeout_ns), false});
    for (int i = 0; i < 8; ++i, ++runs) {
      int64_t at = random.below(std::max<int64_t>(minute, facts.worst_ns / 2));
      bool back = false;
      int64_t met = met_from(plan, at, harm, world, back);
      INFO("seed " << seed << ", from " << at / second << " s on: " << met << " against " << bound);
      CHECK(met <= bound);
      closest = std::max(closest, double(met) / double(bound));
      seen += back;
    }
  }
  CHECK(bounded * 2 > int64_t(plans));
  WARN(fmt::format("{} runs of {} plans, {} with a bound below all of it; {} taken back; closest {:.0f}%", runs, plans,
                   bounded, seen, 100 * closest));
}

}  // namespace rollout::verify
