// What must hold of every promotion, held against its record and the runs beside it; for simulations. It reads the
// events only, never the engine's state, so that it does not share the engine's mistakes.
#pragma once

#include <string>
#include <vector>

#include "runtime/journal/store.h"
#include "runtime/sim/violation.h"

namespace rollout::sim {

/// I17: an environment is entered once, in order, after the one before it has ended well and had its soak, and never
/// behind an abort; each run is that of one stage; it ends once, and well only when every environment has.
std::vector<Violation> promotion_violations(const std::vector<journal::PromotionEvent>& events,
                                              const std::vector<journal::RunInfo>& runs);

}  // namespace rollout::sim
