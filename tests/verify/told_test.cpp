// Plans in which somebody has altered what an action is given, what it sets or how it reads, and nothing else: the
// recheck finds that they are not one thing any more.
#include <functional>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/declared.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using eval::Value;
using plan::Action;
using plan::Plan;

Value other_than(Value value) {
  switch (value.kind) {
    case Value::Kind::Percent:
      value.number = value.number == eval::percent_all / 2 ? 1 : eval::percent_all / 2;
      break;
    case Value::Kind::List: value.items.push_back(Value::of(Value::Kind::String, std::string("everybody"))); break;
    case Value::Kind::String:
    case Value::Kind::Image: value.text += "1"; break;
    default: ++value.number;
  }
  return value;
}

/// Every action that a run may take: steps, what takes them back, and hooks.
std::vector<std::function<Action&(Plan&)>> actions_of(const Plan& plan) {
  std::vector<std::function<Action&(Plan&)>> all;
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].kind == plan::StepKind::Act)
      all.push_back([i](Plan& of) -> Action& { return of.steps[i].action; });
  for (uint32_t i = 0; i < plan.undo.size(); ++i) all.push_back([i](Plan& of) -> Action& { return of.undo[i]; });
  return all;
}

/// What it is given is what it sets. What a capability of somebody else makes of it no plan says, and the share of a
/// control is counted.
bool is_given(const Action& action, const plan::Setting& setting) {
  const Value& value = setting.value;
  bool counted = action.capability == "Mesh" || setting.role == plan::Role::Control || value.is(Value::Kind::None);
  return !counted && !action.takes_back &&
         std::any_of(action.args.begin(), action.args.end(), [&](const auto& arg) { return arg.second == value; });
}

class Alterations {
 public:
  explicit Alterations(const Plan& plan) : plan_(plan) {}

  void go(std::map<std::string, std::pair<int, int>>& counted) {
    for (const auto& of : actions_of(plan_)) {
      const Action& action = of(plan_);
      for (size_t i = 0; i < action.args.size(); ++i)
        add(counted["given"], action, [&](Plan& plan) {
          Value& value = of(plan).args[i].second;
          value = other_than(value);
        });
      if (!action.args.empty())
        add(counted["given nothing"], action, [&](Plan& plan) { of(plan).args.clear(); });
      for (size_t i = 0; i < action.sets.size(); ++i)
        if (is_given(action, action.sets[i]))
          add(counted["sets"], action, [&](Plan& plan) {
            Value& value = of(plan).sets[i].value;
            value = other_than(value);
          });
      if (action.name == "promote")
        for (size_t i = 0; i < action.sets.size(); ++i) {
          const plan::Setting& set = action.sets[i];
          bool counts = set.role == plan::Role::Canary || set.variable == plan::Variable::Version;
          if (counts && !set.value.is(Value::Kind::None))
            add(counted["promotes"], action, [&](Plan& plan) {
              Value& value = of(plan).sets[i].value;
              value = other_than(value);
            });
        }
      add(counted["reads"], action, [&](Plan& plan) { of(plan).text += "%"; });
      add(counted["called"], action, [&](Plan& plan) { of(plan).name += "s"; });
      // Given, read and set alike it is another release; of a migration, one that cannot be taken back.
      if (action.capability == "Migrator" && !action.takes_back)
        add(counted["undone"], action, [&](Plan& plan) {
          auto& is = of(plan).reversibility;
          is = is == plan::Reversibility::Compensable ? plan::Reversibility::Reversible
                                                      : plan::Reversibility::Compensable;
        });
    }
  }

 private:
  void add(std::pair<int, int>& count, const Action& action, const std::function<void(Plan&)>& alter) {
    Plan plan = plan_;
    alter(plan);
    plan.declared = plan::declared_text(plan);
    plan.facts = prove(plan).facts;  // as who altered it would
    bool found = !recheck(plan).empty();
    INFO(plan::rollout_text(plan) << ": " << action.text);
    CHECK(found);
    count.first += found, ++count.second;
  }

  Plan plan_;
};

}  // namespace

TEST_CASE("the recheck refuses an action that is given something else than it sets, or reads so") {
  std::map<std::string, std::pair<int, int>> counted;
  for (const sim_test::Example& example : sim_test::examples(ROLLOUT_EXAMPLES)) {
    Plan plan = example.plan;
    plan.facts = prove(plan).facts;
    INFO(example.name);
    REQUIRE(recheck(plan).empty());
    Alterations(plan).go(counted);
  }
  CHECK(counted["given"].second > 100);
  for (const auto& [what, of] : counted) WARN(fmt::format("{}: {} of {} are refused", what, of.first, of.second));
}

TEST_CASE("the recheck refuses an approval that asks for others than its step says, and a policy without its two") {
  Plan plan = sim_test::approval_plan(plan::Unapproved::Park);
  plan.order_rules = {{"four_eyes", "approval(by: not r.author) before promote on every path", false, true, {}, {}}};
  plan.facts = prove(plan).facts;
  REQUIRE(recheck(plan).empty());
  Plan fewer = plan;
  fewer.approvals[0].quorum = 1;
  CHECK(recheck(fewer) == std::vector<std::string>{
                              "the step `approve by 2 of sre within 10m, else park` asks for 1 of sre within 10m, "
                              "else park"});
  Plan alone = plan;
  alone.order_rules[0].two_people = false;
  CHECK(!recheck(alone).empty());
}

}  // namespace rollout::verify
