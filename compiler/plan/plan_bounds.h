// What the numbers of a plan can be that comes from outside. Only what no file can make is refused, so that a plan of
// any earlier day is read; whether what it says of itself is so, compiler/verify/recheck.h finds out.
#pragma once

#include <string>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// The first number that is out of its bounds, by its place in the JSON form, and what is possible; empty: none is.
std::string out_of_bounds(const Plan& plan);

}  // namespace rollout::plan
