// Plans in which somebody has altered the way back, or a share: the recheck finds it without the prover.
#include <functional>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/declared.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/example_plans.h"

namespace rollout::verify {

namespace {

using plan::Action;
using plan::Plan;
using plan::Setting;

bool is_used(const Plan& plan, uint32_t undo) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& step) {
    bool acts = step.kind == plan::StepKind::Act && plan.services[step.action.service].unreached.empty();
    return acts && std::find(step.rollback.begin(), step.rollback.end(), undo) != step.rollback.end();
  });
}

/// Nobody has to look at it to know that it is at rest before a release and behind its rollback.
bool ends_at_rest(const Plan& plan, const Action& action, const Setting& setting) {
  bool fresh = setting.role == plan::Role::Canary || setting.role == plan::Role::Control;
  bool rests = setting.variable == plan::Variable::Instances || setting.variable == plan::Variable::Share;
  bool nothing = setting.value.is(eval::Value::Kind::None) || setting.value.number == 0;
  return plan.services[action.service].subject == plan::Subject::Service && fresh && rests && nothing;
}

struct Counted {
  int caught = 0, all = 0;
  void add(const Plan& from, const std::string& what, const std::function<void(Plan&)>& alter) {
    Plan plan = from;
    alter(plan);
    plan.declared = plan::declared_text(plan);
    bool found = !recheck(plan).empty();
    INFO(plan::rollout_text(plan) << ": " << what);
    CHECK(found);
    caught += found, ++all;
  }
};

void alter_undo(const Plan& plan, uint32_t index, Counted& counted) {
  const Action& undo = plan.undo[index];
  for (size_t i = 0; i < undo.sets.size(); ++i) {
    if (!ends_at_rest(plan, undo, undo.sets[i])) continue;
    bool share = undo.sets[i].variable == plan::Variable::Share;
    counted.add(plan, fmt::format("`{}` leaves something", undo.text), [&](Plan& other) {
      other.undo[index].sets[i].value = eval::Value::of(
          share ? eval::Value::Kind::Percent : eval::Value::Kind::Int, share ? eval::percent_all / 2 : 4);
    });
  }
  const std::vector<plan::Binding>& bound = plan.services[undo.service].bindings;
  for (uint32_t target = 0; target < plan.targets.size(); ++target)
    if (std::none_of(bound.begin(), bound.end(), [&](const plan::Binding& one) { return one.target == target; }))
      counted.add(plan, fmt::format("`{}` is told to target {}", undo.text, target),
                  [&](Plan& other) { other.undo[index].target = target; });
}

/// Of what goes back alone, too: a part of the way that is left out, or none of it.
void shorten(const Plan& plan, uint32_t step, Counted& counted) {
  for (size_t k = 0; k < plan.steps[step].scope_rollback.size(); ++k) {
    const std::vector<uint32_t>& list = plan.steps[step].scope_rollback[k].undo;
    for (size_t i = 0; i < list.size(); ++i) {
      if (std::count(list.begin(), list.end(), list[i]) > 1) continue;
      std::string left_out = fmt::format("a part goes back without `{}`", plan.undo[list[i]].text);
      counted.add(plan, left_out, [&](Plan& other) {
        std::vector<uint32_t>& shorter = other.steps[step].scope_rollback[k].undo;
        shorter.erase(shorter.begin() + ptrdiff_t(i));
        other.facts = prove(other).facts;  // as who altered it would
      });
    }
  }
}

}  // namespace

TEST_CASE("the recheck refuses ways back that lead elsewhere, and shares that cannot be") {
  Counted counted;
  int plans = 0;
  for (const sim_test::Example& example : sim_test::examples(ROLLOUT_EXAMPLES)) {
    Plan plan = example.plan;
    plan.facts = prove(plan).facts;
    INFO(example.name);
    REQUIRE(recheck(plan).empty());
    ++plans;
    for (uint32_t i = 0; i < plan.undo.size(); ++i)
      if (is_used(plan, i)) alter_undo(plan, i, counted);
    for (uint32_t i = 0; i < plan.steps.size(); ++i) shorten(plan, i, counted);
    for (uint32_t i = 0; i < plan.steps.size(); ++i)
      for (size_t k = 0; k < plan.steps[i].action.sets.size(); ++k)
        if (plan.steps[i].kind == plan::StepKind::Act &&
            plan.steps[i].action.sets[k].variable == plan::Variable::Share)
          counted.add(plan, "a share of 200%", [&](Plan& other) {
            other.steps[i].action.sets[k].value = eval::Value::of(eval::Value::Kind::Percent, 2 * eval::percent_all);
          });
  }
  CHECK(counted.all > 100);
  WARN(fmt::format("{} plans, {} of {} alterations are refused", plans, counted.caught, counted.all));
}

}  // namespace rollout::verify
