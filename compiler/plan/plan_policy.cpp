// A finished plan is held to the policies of its program: what can be decided from the plan alone is an error where it
// does not hold; when it may begin goes into the plan.
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "compiler/plan/build.h"
#include "compiler/plan/forward.h"
#include "compiler/plan/policy_every.h"

namespace rollout::plan {

using eval::Value;

namespace {

std::vector<Finding> findings_of(const Plan& plan) {
  std::vector<Finding> all(ir::rollout_property_count);
  all[size_t(ir::Property::FirstPhaseShare)] = first_phase_share(plan);
  all[size_t(ir::Property::Monitored)] = monitored(plan);
  all[size_t(ir::Property::RollbackTotal)] = rollback_total(plan);
  int64_t worst_ns = prove_forward(plan, prove_back(plan)).worst_ns;
  all[size_t(ir::Property::DurationWorst)] = {Value::of(Value::Kind::Duration, worst_ns), ""};
  return all;
}

Value record_of(const std::vector<Finding>& findings) {
  Value record;
  record.kind = Value::Kind::Record;
  for (const Finding& finding : findings) record.items.push_back(finding.value);
  return record;
}

/// One message for a rollout, whatever it does not keep: at one place there is one.
void report_broken(const std::vector<Breach>& all, const Plan& plan, Span rollout, Diagnostics& diagnostics) {
  if (all.empty()) return;
  Diagnostic& diagnostic =
      diagnostics.report(rollout, diag::PolicyBroken, all[0].policy, rollout_text(plan), all[0].why);
  for (const Breach& broken : all) {
    bool first = &broken == &all[0];
    diagnostic.at(broken.asked, first ? "asked for here" : broken.why);
    if (!broken.from.empty()) diagnostic.note(fmt::format("{}: {}", broken.why, broken.from));
  }
}

Diagnostic& report_too_large(const PolicyRule& rule, double cases, double most, const Plan& plan,
                             Diagnostics& diagnostics) {
  return diagnostics.report(rule.at, diag::PolicyTooLarge, std::string(rule.policy->decl->name.text), size_t(cases),
                            rollout_text(plan), size_t(most));
}

/// Of a rule `r.duration.worst <= D` its D; nothing: it has another form.
std::optional<int64_t> longest_ns(const ir::Program& program, eval::Evaluator& evaluator, const PolicyRule& rule) {
  if (rule.item->subject->kind != ast::ExprKind::Binary) return std::nullopt;
  auto* binary = static_cast<const ast::BinaryExpr*>(rule.item->subject);
  const ir::ExprInfo& left = program.info(rule.module, binary->left);
  bool worst = left.ref == ir::Ref::Property && left.index == uint32_t(ir::Property::DurationWorst);
  bool below = binary->op == ast::Operator::Less || binary->op == ast::Operator::LessEqual;
  if (!worst || !below) return std::nullopt;
  return evaluator.eval(rule.module, binary->right, rule.frame).number;
}

}  // namespace

void Planner::enforce_policies(const ast::RolloutDecl& rollout) {
  if (program_.policies.empty()) return;
  std::vector<Finding> findings = findings_of(plan_);
  std::vector<PolicyRule> rules = rules_of(program_, *eval_, environment_, false, record_of(findings));
  statements_ += rules.size();
  std::map<const ir::Policy*, bool> excepted;
  Quantified quantified(program_, *eval_, sources_, plan_);
  double cases = 0;
  for (const PolicyRule& rule : rules) {
    cases += quantified.cases(*rule.item);
    if (cases > max_cases_of_all) {
      report_too_large(rule, cases, max_cases_of_all, plan_, diagnostics_)
          .note("those of the policies above it are counted, too")
          .advise("ask less of each part, or of all rollouts in fewer policies");
      return;
    }
    auto [known, fresh] = excepted.try_emplace(rule.policy, false);
    if (fresh) known->second = is_excepted(*rule.policy);
    if (known->second) continue;
    if (fresh) plan_.policies.emplace_back(rule.policy->decl->name.text);
    enforce(rule, findings, quantified);
  }
  if (request_.keep_breaches) return;
  report_broken(plan_.breaches, plan_, rollout.name.span, diagnostics_);
}

void Planner::enforce(const PolicyRule& rule, const std::vector<Finding>& findings, Quantified& quantified) {
  std::string name(rule.policy->decl->name.text);
  auto refuse = [&](std::string why, std::string from, uint32_t step) {
    plan_.breaches.push_back({name, std::move(why), std::move(from), rule.at, step});
  };
  bool order = rule.item->kind == ast::PolicyItemKind::Require && !rule.item->words[0].text.empty();
  if (rule.item->kind == ast::PolicyItemKind::Forbid) {
    Value calendar = eval_->eval(rule.module, rule.item->subject, rule.frame);
    if (calendar.is(Value::Kind::Calendar))
      plan_.forbidden.push_back({name, as_during(calendar, rule.item->subject->span), false});
  } else if (rule.item->kind == ast::PolicyItemKind::Every || order) {
    double cases = quantified.cases(*rule.item);
    if (cases > max_policy_cases) {
      report_too_large(rule, cases, max_policy_cases, plan_, diagnostics_)
          .note("all that its quantifiers range over is multiplied, before any of it is looked at")
          .advise("range over the parts of a phase: `for every gate g of p`, or ask for less at once");
      return;
    }
    statements_ += size_t(cases);
    Answers answers;
    quantified.ask(rule, answers);
    std::move(answers.orders.begin(), answers.orders.end(), std::back_inserter(plan_.order_rules));
    std::move(answers.breaches.begin(), answers.breaches.end(), std::back_inserter(plan_.breaches));
  } else if (std::optional<StartRule> asked = start_rule(program_, rule.module, *rule.item)) {
    std::string why = want_at_start(rule, *asked);
    if (!why.empty()) refuse(std::move(why), "", none);
  } else if (!rule.item->within) {
    Value holds = eval_->eval(rule.module, rule.item->subject, rule.frame);
    if (!holds.is(Value::Kind::Bool) || holds.number) return;
    Mentions mentions;
    find_mentions(program_, rule.module, rule.item->subject, mentions);
    Finding of = mentions.properties.empty() ? Finding{} : findings[size_t(mentions.properties[0])];
    refuse(broken_text(program_, *eval_, sources_, rule.module, rule.item->subject, rule.frame), of.from, of.step);
    plan_.breaches.back().longest_ns = longest_ns(program_, *eval_, rule);
  }
}

}  // namespace rollout::plan
