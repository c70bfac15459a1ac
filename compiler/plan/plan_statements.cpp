#include "compiler/base/visible.h"
#include "compiler/eval/blame.h"
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/fits.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr size_t max_name_bytes = 100;

/// Why the name cannot stand in a line of its own; empty: it can.
std::string problem_of_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > max_name_bytes) return fmt::format("it has {} bytes, at most {} fit", name.size(), max_name_bytes);
  if (find_hidden(name) || name.find_first_of("\n\t") != std::string_view::npos) return "it is not one line of text";
  return {};
}

}  // namespace

void Planner::plan_block(const ast::Block* block, Scope& scope, Order order) {
  uint32_t first = uint32_t(plan_.steps.size());
  size_t watches = plan_.watches.size(), hooks = hooks_.size();
  uint32_t outer_locals = scope.locals;
  if (order == Order::Parallel) plan_branches(block, scope);
  else
    for (const ast::Statement* statement : block->statements) plan_statement(statement, scope);
  close_watches(watches, first);
  close_hooks(hooks);
  scope.locals = outer_locals;
}

bool Planner::has_budget(Span span) {
  if (plan_.steps.size() > step_limit_ || statements_ > max_statements || eval_->spent()) return false;
  if (++statements_ > max_statements) diagnostics_.report(span, diag::PlanningTooLong, max_statements);
  return true;
}

int64_t Planner::duration(const ast::Expr* expr, Scope& scope, std::string_view whose, int64_t least_ns) {
  Value value = eval(expr, scope);
  if (value.is(Value::Kind::Duration) && value.number < least_ns)
    diagnostics_.report(expr->span, diag::RefinementBroken, std::string(whose), eval::duration_text(value.number))
        .note(least_ns > 1 ? fmt::format("possible is {} or more", eval::duration_text(least_ns))
                           : std::string(least_ns == 1 ? "possible is more than 0s" : "possible is 0s or more"));
  return value.number;
}

Value Planner::within(const eval::Range& range, const ast::Expr* expr, Scope& scope) {
  Value value = eval(expr, scope);
  eval::in_range(range, value, expr->span, diagnostics_);
  return value;
}

void Planner::plan_statement(const ast::Statement* statement, Scope& scope) {
  if (!has_budget(statement->span)) return;
  switch (statement->kind) {
    case ast::StatementKind::Error: break;
    case ast::StatementKind::Call: plan_call(static_cast<const ast::CallStatement*>(statement)->call, scope); break;
    case ast::StatementKind::Phase: plan_phase(static_cast<const ast::PhaseStatement*>(statement), scope); break;
    case ast::StatementKind::Hold: plan_hold(static_cast<const ast::HoldStatement*>(statement), scope); break;
    case ast::StatementKind::For: plan_for(static_cast<const ast::ForStatement*>(statement), scope); break;
    case ast::StatementKind::If: {
      auto* branch = static_cast<const ast::IfStatement*>(statement);
      if (eval(branch->condition, scope).number) plan_block(branch->then_block, scope);
      else if (branch->else_block) plan_block(branch->else_block, scope);
      break;
    }
    case ast::StatementKind::Let: {
      auto* let = static_cast<const ast::LetStatement*>(statement);
      Value value = eval(let->value, scope);
      scope.frame[scope.locals++] = std::move(value);
      break;
    }
    case ast::StatementKind::Parallel:
      plan_block(static_cast<const ast::ParallelStatement*>(statement)->body, scope, Order::Parallel);
      break;
    case ast::StatementKind::Hook: open_hook(static_cast<const ast::HookStatement*>(statement), scope); break;
    case ast::StatementKind::During: plan_during(static_cast<const ast::DuringStatement*>(statement), scope); break;
    case ast::StatementKind::Watch: plan_watch(static_cast<const ast::WatchStatement*>(statement), scope); break;
    case ast::StatementKind::Rollback:
      plan_rollback(static_cast<const ast::RollbackStatement*>(statement), scope, rollback_here());
      break;
    case ast::StatementKind::OnFailure:
      if (static_cast<const ast::OnFailureStatement*>(statement)->times) {
        plan_retry(static_cast<const ast::OnFailureStatement*>(statement), scope);
        break;
      }
      // Otherwise the checker said that it stands nowhere.
      if (open_scopes_.empty() || open_scopes_.back().index == checkpoint_) break;
      plan_on_failure(static_cast<const ast::OnFailureStatement*>(statement), scope,
                      plan_.scopes[open_scopes_.back().index]);
      break;
    case ast::StatementKind::Notify: plan_notify(static_cast<const ast::NotifyStatement*>(statement), scope); break;
    case ast::StatementKind::Preflight:
      plan_preflight(static_cast<const ast::PreflightStatement*>(statement), scope);
      break;
    case ast::StatementKind::Commit: plan_commit(static_cast<const ast::CommitStatement*>(statement), scope); break;
    case ast::StatementKind::Checkpoint:
      plan_checkpoint(static_cast<const ast::CheckpointStatement*>(statement), scope);
      break;
    case ast::StatementKind::Budget: plan_budget(static_cast<const ast::BudgetStatement*>(statement), scope); break;
    case ast::StatementKind::Lock: plan_lock(static_cast<const ast::LockStatement*>(statement), scope); break;
    case ast::StatementKind::Newer: plan_newer(static_cast<const ast::NewerStatement*>(statement), scope); break;
    case ast::StatementKind::Approve: plan_approve(static_cast<const ast::ApproveStatement*>(statement), scope); break;
  }
}

void Planner::plan_phase(const ast::PhaseStatement* phase, Scope& scope) {
  std::string name(phase->name.text);
  if (phase->label) {
    Value label = eval(phase->label, scope);
    if (!label.is(Value::Kind::String)) return;
    name = label.text;
  }
  if (std::string problem = problem_of_name(name); !problem.empty())
    diagnostics_.report(phase->name.span, diag::BadText, fmt::format("`{}`", sources_.text(phase->name.span)),
                        "name of a phase", problem);
  uint32_t outer = phase_;
  phase_ = uint32_t(plan_.phases.size());
  plan_.phases.push_back({std::move(name)});
  phase_spans_.push_back(phase->name.span);
  uint32_t group = none;
  uint32_t own = open_scope(rules_of_body(phase->body), group);
  size_t first = plan_.steps.size();
  std::vector<uint32_t> ends = ends_;
  plan_around_phase(ast::HookWord::BeforePhase);
  size_t own_first = plan_.steps.size();
  plan_block(phase->body, scope);
  if (plan_.steps.size() != own_first) plan_around_phase(ast::HookWord::AfterPhase);
  else drop_hook_steps(first, std::move(ends));
  close_scope(own, group);
  if (plan_.steps.size() == first) phase_spans_[phase_] = {};
  phase_ = outer;
}

uint32_t Planner::add_step(Step step, Span span) {
  uint32_t index = uint32_t(plan_.steps.size());
  if (index == step_limit_) diagnostics_.report(span, diag::PlanTooLong, step_limit_);
  step.after = std::exchange(ends_, {index});
  step.phase = phase_;
  step.place = place_text(span);
  plan_.steps.push_back(std::move(step));
  return index;
}

void Planner::plan_hold(const ast::HoldStatement* hold, Scope& scope) {
  Step step;
  step.kind = StepKind::Hold;
  guarded_ |= !hold->judges.empty();
  step.hold_ns = duration(hold->duration, scope, "hold", 1);
  std::vector<uint32_t> judges;
  for (const ast::Expr* judge : hold->judges) {
    Value value = eval(judge, scope);
    if (!value.is(Value::Kind::Gate)) return;
    uint32_t gate = gate_index(value, judge->span);
    if (gate == none) return;
    auto first = std::find(judges.begin(), judges.end(), gate);
    if (first != judges.end()) report_twice(judge->span, hold->judges[size_t(first - judges.begin())]->span);
    judges.push_back(gate);
    const Gate& bound = plan_.gates[gate];
    if (judges_settled(bound)) continue;
    bool said = step.hold_ns <= 0;  // that it is no length of a hold
    if (!said && bound.sample_ns > step.hold_ns)
      diagnostics_.report(hold->duration->span, diag::HoldTooShort, eval::duration_text(step.hold_ns),
                          eval::duration_text(bound.sample_ns));
    check_samples(value, bound, step.hold_ns, hold->duration->span);
    check_roles(bound, judge->span);
    for (uint32_t condition : bound.conditions)
      plan_.conditions[condition].planned_blocks += foreseen_samples(bound, step.hold_ns);
    step.gates.push_back(gate);
  }
  auto is_settled = [](Settled settled) { return settled != Settled::No; };
  bool all_settled = !settled_.empty() && std::all_of(settled_.begin(), settled_.end(), is_settled);
  bool judged_nothing = !hold->judges.empty() && step.gates.empty();
  if (all_settled || judged_nothing) return;
  step.text = fmt::format("hold {}", eval::duration_text(step.hold_ns));
  for (size_t i = 0; i < step.gates.size(); ++i)
    step.text += fmt::format("{}{}", i ? ", " : " judged by ", plan_.gates[step.gates[i]].text);
  step.reason = "evidence is gathered before the next step";
  add_step(std::move(step), hold->span);
}

/// The gate reads only services that this rollout leaves as they are: it would wait for a canary that never
/// comes. A flag changes what a whole service does, too.
bool Planner::judges_settled(const Gate& gate) const {
  auto settled = [&](const Term& term) {
    if (term.role == Role::All && beside_services_) return false;
    return settled_[plan_.signals[term.signal].service] != Settled::No;
  };
  return std::all_of(gate.conditions.begin(), gate.conditions.end(), [&](uint32_t index) {
    const Condition& condition = plan_.conditions[index];
    return settled(condition.left) && (!condition.right || settled(*condition.right));
  });
}

void Planner::plan_rollback(const ast::RollbackStatement* rollback, Scope& scope, Rollback& into) {
  if (into.within_ns || into.verify_gate != none || into.kept_ns)
    diagnostics_.report(rollback->span, diag::GivenTwice, "rollback");
  if (rollback->within) into.within_ns = duration(rollback->within, scope, "within", 1);
  if (rollback->within) into.place = place_text(rollback->within->span);
  for (const ast::Expr* team : rollback->told)
    if (uint32_t channel = told_channel(team, scope); channel != none) into.told.push_back(channel);
  if (rollback->kept) into.kept_ns = wait(rollback->kept, scope, "kept");
  if (rollback->verify_within) into.verify_within_ns = duration(rollback->verify_within, scope, "within", 1);
  if (!rollback->verify) return;
  Value gate = eval(rollback->verify, scope);
  if (!gate.is(Value::Kind::Gate)) return;
  into.verify_gate = gate_index(gate, rollback->verify->span);
  if (into.verify_gate == none) return;
  const Gate& verify = plan_.gates[into.verify_gate];
  check_verify(verify, rollback->verify->span);
  constexpr int64_t usual_samples = 20;
  int64_t& within_ns = into.verify_within_ns;
  if (!rollback->verify_within) within_ns = usual_samples * verify.sample_ns;
  if (within_ns < verify.sample_ns)
    diagnostics_.report(rollback->verify_within->span, diag::HoldTooShort, eval::duration_text(within_ns),
                        eval::duration_text(verify.sample_ns));
  const ast::Expr* bound = rollback->verify_within ? rollback->verify_within : rollback->verify;
  check_samples(gate, verify, within_ns, bound->span);
}

void Planner::plan_call(const ast::CallExpr* call, Scope& scope) {
  const ir::ExprInfo& callee = program_.info(scope.module, call->callee);
  if (callee.ref == ir::Ref::Action) plan_action(call, scope);
  if (callee.ref == ir::Ref::Strategy) plan_strategy(call, callee.index, scope);
}

void Planner::plan_strategy(const ast::CallExpr* call, uint32_t index, Scope& scope) {
  const ir::Strategy& strategy = program_.strategies[index];
  ir::Match match = ir::match_arguments(strategy.parameters, call->arguments);
  size_t errors = diagnostics_.errors();
  Scope inner{strategy.module, eval::Frame(strategy.slots), uint32_t(strategy.parameters.size())};
  for (size_t i = 0; i < strategy.parameters.size(); ++i)
    inner.frame[i] = eval_->bind(strategy.parameters[i], strategy.module, scope.module, match.value(i), scope.frame);
  // What it would do with a value that does not fit is not what its caller did wrong; nor is what follows then.
  auto leave_out = [&] {
    for (size_t i = 0; i < strategy.parameters.size(); ++i)
      if (ir::is_subject(strategy.parameters[i].type->kind) && inner.frame[i].is(Value::Kind::Entity))
        settled_[service_index(inner.frame[i])] = Settled::Wrong;
  };
  if (diagnostics_.errors() != errors) return leave_out();
  Span outer = called_at_;
  if (!called_at_.valid() && program_.modules[strategy.module]->library) called_at_ = call->span;
  size_t reported = diagnostics_.size();
  plan_block(strategy.decl->body, inner);
  bool library = program_.modules[strategy.module]->library;
  (library ? eval::blame_user : eval::blame_caller)(program_, reported, call->span, diagnostics_);
  called_at_ = outer;
  if (diagnostics_.errors() != errors) leave_out();
}

}  // namespace rollout::plan
