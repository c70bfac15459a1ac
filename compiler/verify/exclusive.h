// Private to compiler/verify: whether a gate asks several things that cannot all be so, of values that are compared
// with numbers and with each other. For decisions.cpp, which knows each comparison by itself.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// What a signal can be.
struct Ends {
  double low = 0, high = 0;  ///< infinite where it has none
};

/// Conditions of the gate no value passes together; empty: none were found. What is proven is left out, as it is about
/// the truth and not about a sample, and so is what is compared with a multiple or with the past. `ends`: by signal.
std::vector<uint32_t> exclusive(const plan::Plan& plan, const plan::Gate& gate, const std::vector<Ends>& ends);

}  // namespace rollout::verify
