// Private to compiler/verify: proof 6, what gates see. For each judged hold the smallest regression that its proofs
// show within it, beside the `harm` that its gate declares; and how often all proofs of a plan together take a good
// version back.
#pragma once

#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// Fills in `sees_ppb` of the phases and `false_alarm_ppb`.
void prove_sight(const plan::Plan& plan, plan::Facts& facts, std::vector<Finding>& findings);

}  // namespace rollout::verify
