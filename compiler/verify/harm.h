// Private to compiler/verify: what users meet of a regression as large as the harm that gates declare, until whoever
// looks, a gate or a watch, has proven it. The regression begins at its worst moment; what looks at it is sure of no
// more samples than a run takes at least, while every piece of the run lasts as long as it can.
#pragma once

#include "compiler/verify/pieces.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

/// Of one service: what users meet at most, and the step in which such a regression begins. Fills in what of the phases
/// is about harm, and `detect_ns`.
std::pair<int64_t, uint32_t> worst_harm(const plan::Plan& plan, const std::vector<Piece>& pieces,
                                        const Watchers& watchers, Looks& looks, plan::Facts& facts);

}  // namespace rollout::verify
