// Private to compiler/: whether what a service has in one environment is there in another, too: each run would take the
// other's instances for its own. Holds what it compares, not the plans, so thousands of environments fit.
#pragma once

#include <llvm/ADT/StringMap.h>

#include "compiler/base/diagnostics.h"
#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout {

/// Of one rollout.
class EnvironmentsApart {
 public:
  /// Reports the first service that shares a target with an environment that was added before, and the first such one.
  void add(const plan::Plan& plan, const ir::Environment& environment, Diagnostics& diagnostics);

 private:
  llvm::StringMap<const ir::Environment*> first_;  ///< by service, capability and target: who had it first
};

}  // namespace rollout
