// Private to compiler/plan: what a side of a condition comes down to.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// A live value, or with a baseline the mean or the deviation of it, times a number.
struct LinearTerm {
  Term term;
  double factor = 1;
  uint32_t baseline = none;
  bool deviation = false;
};

/// `sum of factor * term + offset`, in the unit of the terms.
struct Linear {
  llvm::SmallVector<LinearTerm, 3> terms;
  double offset = 0;
};

}  // namespace rollout::plan
