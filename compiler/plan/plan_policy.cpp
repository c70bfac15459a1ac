// A finished plan is held to the policies of its program: what can be decided from the plan alone is an error where it
// does not hold; when it may begin goes into the plan.
#include <fmt/format.h>
#include <llvm/ADT/StringSet.h>

#include "compiler/plan/build.h"
#include "compiler/plan/fits.h"
#include "compiler/plan/policy.h"

namespace rollout::plan {

using eval::Value;

namespace {

std::vector<Finding> findings_of(const Plan& plan) {
  std::vector<Finding> all(ir::property_count);
  all[size_t(ir::Property::FirstPhaseShare)] = first_phase_share(plan);
  all[size_t(ir::Property::Monitored)] = monitored(plan);
  all[size_t(ir::Property::RollbackTotal)] = rollback_total(plan);
  all[size_t(ir::Property::DurationWorst)] = {Value::of(Value::Kind::Duration, worst_forward_ns(plan)), ""};
  return all;
}

Value record_of(const std::vector<Finding>& findings) {
  Value record;
  record.kind = Value::Kind::Record;
  for (const Finding& finding : findings) record.items.push_back(finding.value);
  return record;
}

/// `first_phase.share is 10%, not <= 5%`, as far as the rule has that form.
std::string broken_text(const ir::Program& program, const PolicyRule& rule, eval::Evaluator& evaluator,
                        std::string_view written) {
  const ast::Expr* subject = rule.item->subject;
  const ir::ExprInfo& known = program.info(rule.module, subject);
  if (known.ref == ir::Ref::Property)
    return fmt::format("{} is {}", ir::row_of(ir::Property(known.index)).path,
                       eval::to_text(evaluator.eval(rule.module, subject, rule.frame)));
  auto* binary = subject->kind == ast::ExprKind::Binary ? static_cast<const ast::BinaryExpr*>(subject) : nullptr;
  bool compares = binary && !eval::comparison_text(binary->op).empty() &&
                  program.info(rule.module, binary->left).ref == ir::Ref::Property;
  constexpr size_t most = 50;
  bool short_line = written.size() <= most && written.find('\n') == std::string_view::npos;
  if (!compares) return short_line ? fmt::format("`{}` does not hold", written) : "a rule does not hold";
  return fmt::format("{} is {}, not {} {}",
                     ir::row_of(ir::Property(program.info(rule.module, binary->left).index)).path,
                     eval::to_text(evaluator.eval(rule.module, binary->left, rule.frame)),
                     eval::comparison_text(binary->op),
                     eval::to_text(evaluator.eval(rule.module, binary->right, rule.frame)));
}

WantedApproval wanted_approval(const PolicyRule& rule, eval::Evaluator& evaluator) {
  WantedApproval wanted{rule.item->words[0].text, {}, false};
  if (rule.item->subject->kind != ast::ExprKind::Call) return wanted;
  auto* call = static_cast<const ast::CallExpr*>(rule.item->subject);
  if (call->arguments.empty()) return wanted;
  const ast::Expr* who = call->arguments[0].value;
  wanted.not_author = who->kind == ast::ExprKind::Unary;
  if (!wanted.not_author) wanted.team = evaluator.eval(rule.module, who, rule.frame).text;
  return wanted;
}

struct Broken {
  const PolicyRule* rule;
  std::string why;
  std::string from;  ///< which step; empty: none
};

/// One message for a rollout, whatever it does not keep: at one place there is one.
void report_broken(const std::vector<Broken>& all, const Plan& plan, Span rollout, Diagnostics& diagnostics) {
  if (all.empty()) return;
  Diagnostic& diagnostic =
      diagnostics.report(rollout, diag::PolicyBroken, std::string(all[0].rule->policy->decl->name.text),
                         rollout_text(plan), all[0].why);
  for (const Broken& broken : all) {
    bool first = &broken == &all[0];
    diagnostic.at(broken.rule->at, first ? "asked for here" : broken.why);
    if (!broken.from.empty()) diagnostic.note(fmt::format("{}: {}", broken.why, broken.from));
  }
}

}  // namespace

void Planner::enforce_policies(const ast::RolloutDecl& rollout) {
  if (program_.policies.empty()) return;
  std::vector<Finding> findings = findings_of(plan_);
  std::vector<PolicyRule> rules = rules_of(program_, *eval_, environment_, false, record_of(findings));
  statements_ += rules.size();
  std::vector<Broken> broken;
  llvm::StringSet<> policies;
  for (const PolicyRule& rule : rules) {
    std::string name(rule.policy->decl->name.text);
    if (policies.insert(name).second) plan_.policies.push_back(name);
    if (rule.item->kind == ast::PolicyItemKind::Forbid) {
      Value calendar = eval_->eval(rule.module, rule.item->subject, rule.frame);
      if (calendar.is(Value::Kind::Calendar))
        plan_.forbidden.push_back({name, as_during(calendar, rule.item->subject->span), false});
    } else if (!rule.item->words[0].text.empty()) {
      Finding missing = without_approval(plan_, wanted_approval(rule, *eval_));
      if (!missing.value.is(Value::Kind::None)) broken.push_back({&rule, missing.value.text, missing.from});
    } else if (std::optional<StartRule> asked = start_rule(program_, rule.module, *rule.item)) {
      std::string why = want_at_start(rule, *asked);
      if (!why.empty()) broken.push_back({&rule, std::move(why), ""});
    } else if (!rule.item->within) {
      Value holds = eval_->eval(rule.module, rule.item->subject, rule.frame);
      if (!holds.is(Value::Kind::Bool) || holds.number) continue;
      Mentions mentions;
      find_mentions(program_, rule.module, rule.item->subject, mentions);
      std::string from = mentions.properties.empty() ? "" : findings[size_t(mentions.properties[0])].from;
      std::string_view written = sources_.text(rule.item->subject->span);
      broken.push_back({&rule, broken_text(program_, rule, *eval_, written), std::move(from)});
    }
  }
  report_broken(broken, plan_, rollout.name.span, diagnostics_);
}

}  // namespace rollout::plan
