// Private to compiler/plan: what a side of a condition comes down to.
#pragma once

#include <utility>

#include <llvm/ADT/SmallVector.h>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// `sum of factor * term + offset`, in the unit of the terms.
struct Linear {
  llvm::SmallVector<std::pair<Term, double>, 2> terms;
  double offset = 0;
};

}  // namespace rollout::plan
