// Scopes of rollback: rounds, branches and phases that go back on their own. The way back of a step leads to the start
// of the run; where its scope begins with other values, the step carries a second one, to those.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

namespace {

using ast::StatementKind;

template <typename Statement>
const Statement* first_of(const ast::Block* block, StatementKind kind) {
  for (const ast::Statement* statement : block->statements)
    if (statement->kind == kind) return static_cast<const Statement*>(statement);
  return nullptr;
}

OnFailure rule_of(const ast::OnFailureStatement* rule) {
  if (rule == nullptr || rule->then.text == "rollback") return OnFailure::Rollback;
  return rule->then.text == "stop" ? OnFailure::Stop : OnFailure::Continue;
}

}  // namespace

ScopeRules rules_of_body(const ast::Block* block) {
  return {first_of<ast::OnFailureStatement>(block, StatementKind::OnFailure),
          first_of<ast::RollbackStatement>(block, StatementKind::Rollback)};
}

ScopeRules rules_of_branches(const ast::Block* block) {
  return {first_of<ast::OnFailureStatement>(block, StatementKind::OnFailure), nullptr};
}

/// None where the rules say nothing.
uint32_t Planner::open_scope(const ScopeRules& rules, uint32_t& group) {
  const auto& [rule, rollback] = rules;
  if (!rule && !rollback) return none;
  uint32_t index = uint32_t(plan_.scopes.size());
  if (group == none) group = index;
  UndoScope scope;
  scope.on_failure = rule_of(rule);
  scope.parent = open_scopes_.empty() ? none : open_scopes_.back().index;
  scope.group = group;
  scope.first_step = uint32_t(plan_.steps.size());
  scope.place = place_text(rule ? rule->span : rollback->span);
  plan_.scopes.push_back(std::move(scope));
  open_scopes_.emplace_back();
  open_scopes_.back().index = index;
  return index;
}

void Planner::close_scope(uint32_t index, uint32_t& group) {
  if (index == none) return;
  OpenScope open = std::move(open_scopes_.back());
  open_scopes_.pop_back();
  UndoScope& scope = plan_.scopes[index];
  if (plan_.steps.size() == scope.first_step) {
    if (group == index) group = none;
    plan_.scopes.resize(index);
    return;
  }
  scope.last_step = uint32_t(plan_.steps.size() - 1);
  bool stays_behind = scope.on_failure == OnFailure::Stop || scope.on_failure == OnFailure::Continue;
  if (!stays_behind) return;
  for (const auto& service : open.services) left_behind_[service.first] = index;
}

void Planner::plan_on_failure(const ast::OnFailureStatement* rule, Scope& scope, UndoScope& into) {
  if (rule->at_most) into.at_most = count(rule->at_most, scope, "at most");
}

/// Nothing may build upon a service that may have gone back on its own.
bool Planner::may_change(const Action& action, Span span) {
  auto behind = left_behind_.find(action.service);
  if (behind != left_behind_.end()) {
    diagnostics_
        .report(span, diag::MayHaveGoneBack, service_text(plan_.services[action.service]),
                plan_.scopes[behind->second].place)
        .advise("move it into that scope, or let a failure take back everything: `on failure rollback`");
    settled_[action.service] = Settled::Wrong;
    return false;
  }
  if (open_scopes_.empty() || action.reversibility != Reversibility::Irreversible) return true;
  diagnostics_.report(span, diag::ScopeNotReversible, action.text, plan_.scopes[open_scopes_.back().index].place)
      .advise("move it out of the scope, or leave the rule out");
  return false;
}

void Planner::enter_scopes(uint32_t service) {
  for (OpenScope& open : open_scopes_) {
    auto [entered, fresh] = open.services.try_emplace(service, false);
    if (fresh) entered->second = open.model.enter(model_, service);
    if (entered->second) open.model.next_step(service);
  }
}

/// `own_undo`: what takes the step back if it is compensable; none: it is not.
void Planner::derive_scope_rollbacks(Step& step, uint32_t own_undo, Span span) {
  uint32_t service = step.action.service;
  for (OpenScope& open : open_scopes_) {
    if (!open.services.lookup(service)) continue;
    for (const Setting& setting : step.action.sets)
      open.model.set({service, setting.variable, setting.role}, setting.value);
    if (own_undo != none) open.model.compensate(service, own_undo);
    std::vector<uint32_t> undo = derive_rollback(open.model, open.derived[service], service, span);
    if (undo != step.rollback) step.scope_rollback.push_back({open.index, std::move(undo)});
  }
}

}  // namespace rollout::plan
