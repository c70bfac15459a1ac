// What policies ask of the order of steps, against all runs of small plans: every way in which steps may begin and end
// and parts may fail while others go on is walked through. The planner and the recheck have to say what these say.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/policy_order.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "runtime/sim/random.h"
#include "tests/verify/small_plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::none;

/// small_plan() of which parts may fail while the others go on, and with people of three teams.
Plan failing_plan(uint64_t seed) {
  Plan p = small_plan(seed);
  sim::Random random(seed + 7'000'000);
  p.approvals = {{"one", {"anna"}, 1}, {"two", {"anna", "ben"}, 1}, {"three", {"carla", "dora"}, 1},
                 {"both", {"anna", "ben"}, 2}};
  for (plan::Step& step : p.steps)
    if (step.kind == plan::StepKind::Approval) {
      step.approval = uint32_t(random.below(4));
      step.text = "approve by " + plan::approval_text(p.approvals[step.approval]);
    }
  uint32_t group = none;
  for (uint32_t at = 0; at < p.steps.size();) {
    uint32_t last = std::min(uint32_t(at + random.below(3)), uint32_t(p.steps.size() - 1));
    if (random.chance(0.5)) {
      plan::UndoScope scope;
      scope.on_failure = random.chance(0.7) ? plan::OnFailure::Continue : plan::OnFailure::Stop;
      scope.first_step = at, scope.last_step = last;
      bool same = group != none && random.chance(0.7) && p.scopes[group].on_failure == scope.on_failure;
      scope.group = group = same ? group : uint32_t(p.scopes.size());
      scope.at_most = scope.group == p.scopes.size() ? 1 + random.below(2) : p.scopes[group].at_most;
      p.scopes.push_back(scope);
    }
    at = last + 1;
  }
  return p;
}

/// All that may happen, state by state: which steps have passed and which parts are gone.
class AllRuns {
 public:
  explicit AllRuns(const Plan& plan) : plan_(plan), scope_of_(plan::scopes_of_steps(plan)) { walk(0, 0, 0); }

  /// By step: which steps may have passed when it begins, each set of them once.
  const std::set<uint32_t>& when_begins(uint32_t step) { return begins_[step]; }

 private:
  bool is_gone(uint32_t step, uint32_t gone) const { return scope_of_[step] != none && (gone >> scope_of_[step] & 1); }

  bool may_begin(uint32_t step, uint32_t done, uint32_t gone) const {
    if ((done >> step & 1) || is_gone(step, gone)) return false;
    for (uint32_t before : plan_.steps[step].after)
      if (!(done >> before & 1) && !is_gone(before, gone)) return false;
    return true;
  }
  bool may_fail(uint32_t scope, uint32_t gone) const {
    const plan::UndoScope& of = plan_.scopes[scope];
    if (of.on_failure == plan::OnFailure::Stop) return true;
    int64_t failed = 1;
    for (uint32_t i = 0; i < plan_.scopes.size(); ++i) failed += (gone >> i & 1) && plan_.scopes[i].group == of.group;
    return failed <= of.at_most;
  }

  void walk(uint32_t done, uint32_t begun, uint32_t gone) {
    if (!seen_.insert({done, begun, gone}).second) return;
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      bool running = (begun >> i & 1) && !(done >> i & 1) && !is_gone(i, gone);
      if (running) walk(done | 1u << i, begun, gone);
      if ((begun >> i & 1) || !may_begin(i, done, gone)) continue;
      begins_[i].insert(done);
      walk(done, begun | 1u << i, gone);
    }
    for (uint32_t scope = 0; scope < plan_.scopes.size(); ++scope) {
      uint32_t own = 0;
      for (uint32_t i = plan_.scopes[scope].first_step; i <= plan_.scopes[scope].last_step; ++i) own |= 1u << i;
      bool over = (done & own) == own;  // what is over has not failed
      if ((gone >> scope & 1) || !(begun & own) || over || !may_fail(scope, gone)) continue;
      walk(done & ~own, begun, gone | 1u << scope);
    }
  }

  const Plan& plan_;
  std::vector<uint32_t> scope_of_;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t>> seen_;
  std::map<uint32_t, std::set<uint32_t>> begins_;
};

/// Whoever of the four is the author, another one has said yes: the run takes no author's yes where somebody else could
/// give it.
bool two_people(const Plan& plan, const std::vector<uint32_t>& approvals) {
  for (const std::string author : {"anna", "ben", "carla", "dora"}) {
    bool others = false;
    for (uint32_t step : approvals) {
      const plan::Approval& approval = plan.approvals[plan.steps[step].approval];
      std::set<std::string> people(approval.members.begin(), approval.members.end());
      others |= approval.quorum >= 2 || people.size() >= 2 || people.count(author) == 0;
    }
    if (!others) return false;
  }
  return true;
}

bool holds(const Plan& plan, AllRuns& runs, const plan::OrderRule& rule) {
  bool every = true, some = false;
  for (uint32_t then : rule.then)
    for (uint32_t done : runs.when_begins(then)) {
      std::vector<uint32_t> passed;
      for (uint32_t first : rule.first)
        if (done >> first & 1) passed.push_back(first);
      bool good = rule.two_people ? two_people(plan, passed) : !passed.empty();
      every &= good, some |= good;
    }
  return rule.some ? some : every;
}

bool planner_says(const Plan& plan, const plan::OrderRule& rule) {
  if (rule.some) return plan::may_come_before(plan, rule.first, rule.then);
  plan::Passed passed(plan, rule.first, rule.two_people);
  return std::all_of(rule.then.begin(), rule.then.end(), [&](uint32_t step) { return passed.surely(step); });
}

/// By the plan alone, of all that it says only this.
bool recheck_says(Plan plan, const plan::OrderRule& rule) {
  plan.facts = prove(plan).facts;
  size_t without = recheck(plan).size();
  plan.order_rules = {rule};
  return recheck(plan).size() == without;
}

plan::OrderRule random_rule(const Plan& plan, sim::Random& random) {
  plan::OrderRule rule;
  rule.policy = "p", rule.text = "a before b";
  rule.two_people = random.chance(0.3);
  rule.some = !rule.two_people && random.chance(0.3);
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    bool approval = plan.steps[i].kind == plan::StepKind::Approval;
    if (rule.two_people ? approval : random.chance(0.3)) rule.first.push_back(i);
    else if (random.chance(0.3)) rule.then.push_back(i);
  }
  if (rule.then.empty() && !rule.some) rule.then = {uint32_t(plan.steps.size() - 1)};
  return rule;
}

}  // namespace

TEST_CASE("an order that a policy asks for is there if and only if all runs of the plan have it") {
  int64_t plans = 0, rules = 0, held = 0, missed = 0, with_parts = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    Plan plan = failing_plan(seed);
    if (plan.steps.size() > 7) continue;  // of more steps there are too many runs
    AllRuns runs(plan);
    sim::Random random(seed);
    ++plans, with_parts += !plan.scopes.empty();
    for (int i = 0; i < 6; ++i, ++rules) {
      plan::OrderRule rule = random_rule(plan, random);
      bool is = holds(plan, runs, rule), planner = planner_says(plan, rule);
      INFO("seed " << seed << ", rule " << i << ": some " << rule.some << " people " << rule.two_people);
      held += is;
      // Refused may be what only holds because of what several parts together cannot do; never the other way round.
      bool again = recheck_says(plan, rule);
      CHECK((!planner || is));
      CHECK((!again || is));
      CHECK((!planner || again));
      missed += is && !planner;
    }
  }
  CHECK(missed < held / 10);
  CHECK(held > rules / 10);
  CHECK(with_parts > plans / 3);
  WARN(fmt::format("{} orders of {} plans, {} of them with parts that may fail; {} orders hold, of which {} "
                   "are refused",
                   rules, plans, with_parts, held, missed));
}

}  // namespace rollout::verify
