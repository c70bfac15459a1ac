// Preflight: what must be so before the first change. What is known when the plan is made is decided then; live values
// are judged in a hold of its own, so that they are read, recorded and simulated as those of every gate.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr int64_t default_sample_ns = 5 * eval::ns_per_s;
constexpr int samples = 3;  ///< that each check is read

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\n") == std::string_view::npos; }

}  // namespace

/// A preflight that is being planned.
struct Planner::OpenPreflight {
  Gate gate;
  std::vector<Approval> asked;
  llvm::StringMap<Span> checks;  ///< what each asks, whatever it is called
};

/// What a strategy of the library asks is shown where it was called.
void Planner::report_preflight(const ast::Expr* condition, const std::string& text, Scope& scope) {
  Diagnostic& diagnostic = diagnostics_.report(called_at_.valid() ? called_at_ : condition->span, diag::PreflightFails,
                                               text);
  if (called_at_.valid()) diagnostic.at(condition->span, "asked for here");
  if (condition->kind != ast::ExprKind::Binary) return;
  auto* binary = static_cast<const ast::BinaryExpr*>(condition);
  std::string_view comparison = eval::comparison_text(binary->op);
  if (!comparison.empty())
    diagnostic.note(fmt::format("{} {} {} does not hold", eval::to_text(eval(binary->left, scope)), comparison,
                                eval::to_text(eval(binary->right, scope))));
}

void Planner::plan_preflight(const ast::PreflightStatement* preflight, Scope& scope) {
  // A strategy may bring one; wherever it is called, nothing else is done before or beside it.
  if (plan_.steps.size() > entry_steps_ || phase_ != none || !open_scopes_.empty()) {
    diagnostics_.report(preflight->span, diag::PreflightHere).advise("move it above everything else that is done");
    return;
  }
  OpenPreflight open;
  open.gate = preflight_gate();
  if (preflight->sample) open.gate.sample_ns = duration(preflight->sample, scope, "sample every", least_sample_ns);
  for (const ast::PreflightCheck& check : preflight->checks)
    if (!plan_check(check, scope, open)) return;
  own_preflight_ = true;
  if (at_start_.own_preflight) add_start_conditions(open.gate);
  if (!open.gate.conditions.empty()) add_preflight_hold(std::move(open.gate), preflight->span);
  // People come last: they are not bothered with what would not begin anyway.
  for (Approval& approval : open.asked) {
    Step step;
    step.kind = StepKind::Approval;
    step.approval = uint32_t(plan_.approvals.size());
    step.text = fmt::format("confirm {}", approval_text(approval));
    step.reason = "nothing is changed before all of it holds";
    plan_.approvals.push_back(std::move(approval));
    add_step(std::move(step), preflight->span);
  }
}

Gate Planner::preflight_gate() const {
  Gate gate;
  gate.text = "preflight";
  gate.sample_ns = default_sample_ns;
  return gate;
}

/// Asked twice, it would be read twice and told twice. False after a report.
bool Planner::is_new_check(OpenPreflight& open, const std::string& what, const ast::PreflightCheck& check) {
  auto [first, fresh] = open.checks.try_emplace(what, check.condition->span);
  if (!fresh) report_twice(check.condition->span, first->second);
  return fresh;
}

/// What stands there was given before: the same check, condition or gate.
void Planner::report_twice(Span span, Span first) {
  diagnostics_.report(span, diag::GivenTwice, std::string(sources_.text(span)))
      .at(first, "the first one")
      .advise("leave one of them out");
}

void Planner::add_preflight_hold(Gate gate, Span span) {
  // A sample that was lost, to a crash or a slow source, is read again once more; then it does not hold.
  gate.no_data = gate.undecided = gate.error = {samples * gate.sample_ns, Fallback::Fail};
  check_roles(gate, span);
  Step step;
  step.kind = StepKind::Preflight;
  step.hold_ns = samples * gate.sample_ns;
  step.gates = {uint32_t(plan_.gates.size())};
  step.text = fmt::format("preflight: {} check{}", gate.conditions.size(), gate.conditions.size() == 1 ? "" : "s");
  step.reason = "nothing is changed before all of it holds";
  plan_.gates.push_back(std::move(gate));
  add_step(std::move(step), span);
}

/// One check goes where it can be decided: now, into the gate, or to people. False where a mistake was reported.
bool Planner::plan_check(const ast::PreflightCheck& check, Scope& scope, OpenPreflight& open) {
  Value text = eval(check.text, scope);
  if (!text.is(Value::Kind::String)) return false;
  if (is_blank(text.text))
    diagnostics_.report(check.text->span, diag::BadText, eval::to_text(text), "name of a check", "it is empty");
  if (!program_.info(scope.module, check.condition).type->is(ir::TypeKind::Live)) {
    Value holds = eval(check.condition, scope);
    if (holds.is(Value::Kind::Bool) && !holds.number) report_preflight(check.condition, text.text, scope);
    return true;
  }
  const ast::Expr* expr = check.condition;
  Scope inner = scope;
  while (const ir::Func* func = live_func(expr, inner)) {
    std::optional<Scope> next = enter_func(static_cast<const ast::CallExpr*>(expr), *func, inner);
    if (!next) return false;
    expr = func->decl->body;
    inner = std::move(*next);
  }
  if (program_.info(inner.module, expr).ref == ir::Ref::Open) {
    const ast::Expr* calendar = static_cast<const ast::MemberExpr*>(expr)->object;
    Value value = eval(calendar, inner);
    if (!value.is(Value::Kind::Calendar) || !is_new_check(open, eval::to_text(value), check)) return false;
    plan_.forbidden.push_back({text.text, as_during(value, calendar->span), true});
    return true;
  }
  if (const ast::MemberExpr* member = confirmation(expr, inner)) {
    Approval asked = confirm(expr, member, inner);
    if (!is_new_check(open, fmt::format("{}: {}", asked.team, asked.confirms), check)) return false;
    open.asked.push_back(std::move(asked));
    return true;
  }
  std::optional<Condition> condition = check.within ? within_condition(check, expr, inner, scope)
                                                    : make_condition(expr, inner, check.condition->span);
  if (!condition) return false;
  std::string what = condition_text(*condition);
  uint32_t right = condition->right ? condition->right->signal : none;
  if (!is_new_check(open, fmt::format("{} {} {}", condition->left.signal, right, what), check)) return false;
  condition->kind = ConditionKind::Require;
  condition->samples = samples;
  condition->text = fmt::format("{}: {}", text.text, what);
  open.gate.conditions.push_back(condition_index(std::move(*condition)));
  return true;
}

/// `checkout.rollback.rehearsed within 30d`: at most so long ago.
std::optional<Condition> Planner::within_condition(const ast::PreflightCheck& check, const ast::Expr* ago,
                                                   Scope& scope, Scope& written) {
  std::optional<Linear> left = linear(ago, scope, check.condition->span);
  int64_t within_ns = duration(check.within, written, "within", 1);
  bool one = left && left->terms.size() == 1 && left->terms[0].baseline == none && left->terms[0].factor == 1 &&
             left->offset == 0;
  if (!one) {
    if (left) diagnostics_.report(check.condition->span, diag::TooManyTerms);
    return std::nullopt;
  }
  Condition condition;
  condition.left = left->terms[0].term;
  condition.offset = double(within_ns);
  condition.planned_blocks = 0;
  return condition;
}

/// One member of the team says that it is so, in time; otherwise the preflight has failed.
Approval Planner::confirm(const ast::Expr* expr, const ast::MemberExpr* member, Scope& scope) {
  constexpr int64_t confirm_timeout_ns = 3600 * eval::ns_per_s;
  Value entity = eval(member->object, scope);
  const ir::Team& team = program_.teams[size_t(entity.number)];
  Approval approval{entity.text, members_of(team), 1, confirm_timeout_ns, Unapproved::Fail, {}, channel_of(team)};
  bool on_call = program_.info(scope.module, member).index == 1;
  if (on_call) {
    approval.confirms = fmt::format("somebody of {} is on call", entity.text);
    return approval;
  }
  const ast::Expr* what = static_cast<const ast::CallExpr*>(expr)->arguments[0].value;
  Value said = eval(what, scope);
  approval.confirms = said.text;
  if (said.is(Value::Kind::String) && is_blank(said.text))
    diagnostics_.report(what->span, diag::BadText, eval::to_text(said), "text of a confirmation", "it is empty")
        .advise("say what somebody answers for: `confirms(\"the backup was restored today\")`");
  return approval;
}

}  // namespace rollout::plan
