// Private to compiler/verify: proof 3. How much of a new version users may meet before it is taken back, for each
// service and flag: the share, over the time that it is set at most. What was promoted is no longer exposed.
#pragma once

#include "compiler/plan/forward.h"
#include "compiler/verify/proofs.h"

namespace rollout::verify {

/// Fills in `exposure`, and what of the phases is about harm.
void prove_exposure(const plan::Plan& plan, const plan::Back& back, const plan::Forward& forward, plan::Facts& facts);

/// What the services are exposed to together, at worst, against a budget; nothing: it is kept. Where nothing says how
/// soon a regression is seen, nothing is held against it but time in which nobody looks, by the engine.
std::optional<Finding> over_budget(const plan::Plan& plan, const plan::Facts& facts, int64_t budget_ns);

}  // namespace rollout::verify
