#include "compiler/plan/restores.h"

#include <map>
#include <tuple>

#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/model.h"

namespace rollout::plan {

namespace {

using Cell = std::pair<Variable, Role>;
using Cells = std::map<Cell, eval::Value>;

/// What undo actions set is what was there at the start, where several do the first of them: those behind a commit
/// lead to what was there at the commit. A variable that none of them sets was at rest.
eval::Value start_of(const Cells& start, const Cell& cell) {
  auto known = start.find(cell);
  return known == start.end() ? resting_value(cell.first) : known->second;
}

/// What is so at a commit is what the way back leads to from then on.
void pass_commit(std::vector<Cells>& start, const std::vector<Cells>& now) {
  for (size_t service = 0; service < now.size(); ++service)
    for (const auto& [cell, value] : now[service]) start[service][cell] = value;
}

/// A version that nobody looked at is taken to have its `replicas`: what gives it these needs no way back.
bool is_usual(const Service& service, const Cells& start, const Cell& cell, const eval::Value& value) {
  bool instances = cell == Cell{Variable::Instances, Role::Stable} && value.number == service.replicas;
  return instances && !start.contains(cell);
}

bool sets(const Action& undo, const Cell& cell) {
  return llvm::any_of(undo.sets, [&](const Setting& set) { return Cell{set.variable, set.role} == cell; });
}

}  // namespace

uint32_t first_without_rollback(const Plan& plan) {
  std::vector<Cells> start(plan.services.size()), now(plan.services.size());
  for (const Action& undo : plan.undo)
    for (const Setting& set : undo.sets) start[undo.service].try_emplace({set.variable, set.role}, set.value);
  bool committed = false;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == StepKind::Commit) committed = true, pass_commit(start, now);
    if (step.kind != StepKind::Act) continue;
    uint32_t service = step.action.service;
    if (!plan.services[service].unreached.empty()) continue;  // nothing is changed there
    for (const Setting& set : step.action.sets) now[service][{set.variable, set.role}] = set.value;
    if (step.action.reversibility == Reversibility::Irreversible) {
      if (!committed) return i;
      start[service] = now[service];
      continue;
    }
    for (const auto& [cell, value] : now[service]) {
      bool restored = llvm::any_of(step.rollback, [&](uint32_t undo) { return sets(plan.undo[undo], cell); });
      bool as_before = value == start_of(start[service], cell) ||
                       is_usual(plan.services[service], start[service], cell, value);
      if (!restored && !as_before) return i;
    }
  }
  return none;
}

namespace {

/// What its undo actions leave the cell at, in their order; nothing: none of them sets it.
const eval::Value* left_at(const Plan& plan, const std::vector<uint32_t>& undo, const Cell& cell) {
  const eval::Value* left = nullptr;
  for (uint32_t index : undo)
    for (const Setting& set : plan.undo[index].sets)
      if (Cell{set.variable, set.role} == cell) left = &set.value;
  return left;
}

}  // namespace

uint32_t first_without_scope_rollback(const Plan& plan) {
  if (plan.scopes.empty()) return none;
  // What each service was set to, as far as that is known, and what it was at the entry of each scope around.
  std::vector<Cells> now(plan.services.size());
  std::vector<uint32_t> scope_of = scopes_of_steps(plan);
  std::map<std::pair<uint32_t, uint32_t>, Cells> entry;  // by scope and service
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act) continue;
    uint32_t service = step.action.service;
    if (!plan.services[service].unreached.empty()) continue;  // nothing is changed there
    for (uint32_t scope = scope_of[i]; scope != none; scope = plan.scopes[scope].parent)
      entry.try_emplace({scope, service}, now[service]);
    for (const Setting& set : step.action.sets) now[service][{set.variable, set.role}] = set.value;
    for (uint32_t scope = scope_of[i]; scope != none; scope = plan.scopes[scope].parent) {
      if (step.action.reversibility == Reversibility::Irreversible) return i;
      const Cells& start = entry[{scope, service}];
      for (const auto& [cell, value] : now[service]) {
        const eval::Value* left = left_at(plan, undo_to(step, scope), cell);
        auto known = start.find(cell);
        // What no step before the scope has set is what it was at the start: where `rollback` sets it, so does this.
        bool good = known != start.end() ? (left ? *left : value) == known->second
                                         : left != nullptr || left_at(plan, step.rollback, cell) == nullptr;
        if (!good) return i;
      }
    }
  }
  return none;
}

uint32_t step_with_lasting_fault(const Plan& plan) {
  std::map<std::pair<uint32_t, Cell>, uint32_t> brought;  // by service and variable: the step
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    for (const Setting& set : plan.steps[i].action.sets) {
      if (set.variable != Variable::Killed && set.variable != Variable::Delay) continue;
      std::pair<uint32_t, Cell> key{plan.steps[i].action.service, {set.variable, set.role}};
      if (set.value.is(eval::Value::Kind::None)) brought.erase(key);
      else brought[key] = i;
    }
  return brought.empty() ? none : brought.begin()->second;
}

}  // namespace rollout::plan
