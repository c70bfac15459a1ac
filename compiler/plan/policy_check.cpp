// What can be said of policies without any plan: nobody shall believe in a rule that asks nothing, that nothing
// decides yet, or that holds for nothing.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/planner.h"
#include "compiler/plan/policy.h"
#include "compiler/plan/policy_start.h"

namespace rollout::plan {

namespace {

using eval::Value;

/// A rollout with every property that a plan decides at its one end; the others are not known.
Value at_the_end(bool high) {
  Value record;
  record.kind = Value::Kind::Record;
  for (size_t i = 0; i < ir::rollout_property_count; ++i) {
    const ir::PropertyRow& row = ir::row_of(ir::Property(i));
    Value end = Value::boolean(high);
    if (row.type == ir::TypeKind::Percent) end = Value::of(Value::Kind::Percent, high ? eval::percent_all : 0);
    if (row.type == ir::TypeKind::Duration) end = Value::of(Value::Kind::Duration, high ? INT64_MAX : 0);
    record.items.push_back(row.decided ? end : Value{});
  }
  return record;
}

/// What is wrong with a rule that asks nothing; empty where it asks something.
std::string constant_text(const ir::Program& program, const PolicyRule& low, const PolicyRule& high,
                          eval::Evaluator& evaluator) {
  const ast::Expr* subject = low.item->subject;
  Mentions mentions;
  find_mentions(program, low.module, subject, mentions);
  if (mentions.properties.empty() && mentions.others == 0) return "reads nothing of it";
  Value at_low = evaluator.eval(low.module, subject, low.frame);
  Value at_high = evaluator.eval(high.module, subject, high.frame);
  bool one = mentions.properties.size() == 1 && mentions.others == 0;
  bool same = at_low.is(Value::Kind::Bool) && at_high.is(Value::Kind::Bool) && at_low.number == at_high.number;
  if (!one || !same || !ir::row_of(mentions.properties[0]).decided) return {};
  return at_low.number ? "always holds" : "never holds";
}

/// A condition inside of a quantifier that says nothing of what it ranges over, nor of the rollout.
void report_constants(const ir::Program& program, ir::ModuleId module, const ast::PolicyItem& item,
                      Diagnostics& diagnostics) {
  for (const ast::PolicyItem& inner : item.items) report_constants(program, module, inner, diagnostics);
  bool condition = item.kind == ast::PolicyItemKind::Require && item.words[0].text.empty() && !item.within;
  if (!condition) return;
  Mentions mentions;
  find_mentions(program, module, item.subject, mentions);
  if (mentions.properties.empty() && mentions.others == 0)
    diagnostics.report(item.span, diag::PolicyConstant, "reads nothing of it");
}

bool is_called(const ir::Program& program, uint32_t policy) {
  for (const ir::Policy& caller : program.policies) {
    auto calls = [&](const ast::PolicyItem& item) {
      if (item.kind != ast::PolicyItemKind::Call) return false;
      auto* call = static_cast<const ast::CallExpr*>(item.subject);
      return program.info(caller.module, call->callee).index == policy;
    };
    for (const ast::PolicyItem& item : caller.decl->items)
      if (calls(item) || std::any_of(item.items.begin(), item.items.end(), calls)) return true;
  }
  return false;
}

/// Without `for every`, without parameters and without a caller.
void report_idle(const ir::Program& program, Diagnostics& diagnostics) {
  for (uint32_t i = 0; i < program.policies.size(); ++i) {
    const ir::Policy& policy = program.policies[i];
    auto every = [](const ast::PolicyItem& item) {
      return item.kind == ast::PolicyItemKind::Every && item.every.element.text == "rollout";
    };
    bool whole = std::any_of(policy.decl->items.begin(), policy.decl->items.end(), every);
    bool library = program.modules[policy.module]->library;
    if (whole || !policy.parameters.empty() || library || is_called(program, i)) continue;
    diagnostics.report(policy.decl->name.span, diag::PolicyIdle, std::string(policy.decl->name.text))
        .advise("say for which rollouts it holds: `for every rollout r { … }`");
  }
}

}  // namespace

void check_policies(const ir::Program& program, Diagnostics& diagnostics) {
  if (diagnostics.has_errors() || program.policies.empty()) return;
  report_idle(program, diagnostics);
  Diagnostics ignored;  // what has no value without inputs is said where they are
  eval::Evaluator evaluator(program, std::vector<Value>(program.inputs.size()), ignored);
  std::vector<PolicyRule> lows = rules_of(program, evaluator, nullptr, true, at_the_end(false));
  std::vector<PolicyRule> highs = rules_of(program, evaluator, nullptr, true, at_the_end(true));
  for (size_t i = 0; i < lows.size(); ++i) {
    const ast::PolicyItem& item = *lows[i].item;
    if (item.kind == ast::PolicyItemKind::Every) report_constants(program, lows[i].module, item, diagnostics);
    bool property = item.kind == ast::PolicyItemKind::Require && item.words[0].text.empty();
    if (!property) continue;
    size_t unknown = ignored.errors();
    std::string constant = item.within ? "" : constant_text(program, lows[i], highs[i], evaluator);
    if (!constant.empty()) diagnostics.report(lows[i].at, diag::PolicyConstant, constant);
    Value value = item.within ? Value{} : evaluator.eval(lows[i].module, item.subject, lows[i].frame);
    bool undecided = constant.empty() && value.is(Value::Kind::None) && ignored.errors() == unknown &&
                     !start_rule(program, lows[i].module, item);
    if (undecided)
      diagnostics.report(lows[i].at, diag::PolicyUndecided)
          .note("what only the world knows is asked when a run begins, each as a rule of its own")
          .advise("write `require r.rollback.rehearsed within 30d` or `require r.capacity.margin >= 3.0`");
  }
}

}  // namespace rollout::plan
