// Private to compiler/verify: proof 8, what lives beside what. In no state of any path, forward or back, does a version
// run beside a schema, or a version of another service or of its own, that it does not declare. Which it meets becomes
// a fact.
#pragma once

#include "compiler/plan/forward.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

void prove_beside(const plan::Plan& plan, plan::Facts& facts, std::vector<Finding>& findings);

}  // namespace rollout::verify
