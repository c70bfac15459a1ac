// Private to compiler/plan: a scope of rollback while the planner is inside it.
#pragma once

#include <llvm/ADT/DenseMap.h>

#include "compiler/plan/model.h"

namespace rollout::plan {

struct OpenScope {
  uint32_t index = 0;  ///< into Plan::scopes
  /// Of services that differ from the start of the run where the scope changes them first: what it leads back to.
  Model model;
  llvm::DenseMap<uint32_t, bool> services;  ///< changed in it; whether `model` knows them
  llvm::DenseMap<uint32_t, Derived> derived;
};

}  // namespace rollout::plan
