#include "compiler/plan/restores.h"

#include <map>
#include <tuple>

#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/model.h"

namespace rollout::plan {

namespace {

using Cell = std::pair<Variable, Role>;
using Cells = std::map<Cell, eval::Value>;

/// What undo actions set is what was there at the start; a variable that none of them sets was at rest.
eval::Value start_of(const Cells& start, const Cell& cell) {
  auto known = start.find(cell);
  return known == start.end() ? resting_value(cell.first) : known->second;
}

bool sets(const Action& undo, const Cell& cell) {
  return llvm::any_of(undo.sets, [&](const Setting& set) { return Cell{set.variable, set.role} == cell; });
}

}  // namespace

uint32_t first_without_rollback(const Plan& plan) {
  std::vector<Cells> start(plan.services.size()), now(plan.services.size());
  for (const Action& undo : plan.undo)
    for (const Setting& set : undo.sets) start[undo.service][{set.variable, set.role}] = set.value;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act) continue;
    uint32_t service = step.action.service;
    for (const Setting& set : step.action.sets) now[service][{set.variable, set.role}] = set.value;
    for (const auto& [cell, value] : now[service]) {
      bool restored = llvm::any_of(step.rollback, [&](uint32_t undo) { return sets(plan.undo[undo], cell); });
      if (!restored && !(value == start_of(start[service], cell))) return i;
    }
  }
  return none;
}

}  // namespace rollout::plan
