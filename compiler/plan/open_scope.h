// Private to compiler/plan: a scope of rollback while the planner is inside it.
#pragma once

#include <llvm/ADT/DenseMap.h>

#include "compiler/plan/model.h"

namespace rollout::ast {
struct Block;
struct OnFailureStatement;
struct RollbackStatement;
}  // namespace rollout::ast

namespace rollout::plan {

/// What makes a body a scope of its own; none of them: it is none.
struct ScopeRules {
  const ast::OnFailureStatement* on_failure = nullptr;
  const ast::RollbackStatement* rollback = nullptr;
};

/// Of a round or a phase. Both read the whole block.
ScopeRules rules_of_body(const ast::Block* block);
/// Of all the branches of a `parallel`, whose `rollback` is not theirs.
ScopeRules rules_of_branches(const ast::Block* block);

struct OpenScope {
  uint32_t index = 0;  ///< into Plan::scopes
  /// Of services that differ from the start of the run where the scope changes them first: what it leads back to.
  Model model;
  llvm::DenseMap<uint32_t, bool> services;  ///< changed in it; whether `model` knows them
  llvm::DenseMap<uint32_t, Derived> derived;
};

}  // namespace rollout::plan
