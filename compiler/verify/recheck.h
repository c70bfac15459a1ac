// Recheck: whether what a plan says of itself is so. For a reader who has the plan alone and trusts nobody who made it.
// It shares no code with the proofs: it goes the other way round, from the ends of the plan to its beginning, and walks
// through the changes of a share instead of summing them up.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// What does not hold, each in a sentence; empty: all of it does. A plan without facts says nothing.
std::vector<std::string> recheck(const plan::Plan& plan);

}  // namespace rollout::verify
