// Private to compiler/verify: proof 7, shares. On the way forward a new version gets as much of the traffic as before
// with each step, or more, until it has none or is promoted: users whom it has met are not sent back and forth.
#pragma once

#include "compiler/verify/proofs.h"

namespace rollout::verify {

void find_shrinking(const plan::Plan& plan, std::vector<Finding>& findings);

}  // namespace rollout::verify
