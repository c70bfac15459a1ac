// Private to compiler/verify: the time that a version may be exposed for, cut into pieces. For the proof of exposure.
#pragma once

#include "compiler/plan/forward.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

/// From one step that acts on the service, or at which it is looked at, to the next of them.
struct Piece {
  uint32_t step = plan::none;
  int64_t share_ppb = 0;     ///< the highest that may be set in it
  int64_t lasts_ns = 0;      ///< at most
  int64_t exposes_ns = 0;    ///< in it, at most
  int64_t back_ns = 0;       ///< until the share is taken back, if the run goes back in it
  Portions portions = {};    ///< that bring evidence
  int64_t blind_ns = 0;      ///< of a hold: how much longer it may last without evidence,
  int64_t extends_ns = 0;    ///< and while its gate gathers more
  int64_t asks_ns = 0;       ///< how long people may think about a verdict against the version
  int64_t looked_ns = 0;     ///< of a hold or an approval: how long it lasts itself, at most
  int64_t dark_ns = 0;       ///< how much of that may come without evidence
};

/// As a duration of full traffic, rounded up.
int64_t full(int64_t share_ppb, int64_t ns);

/// Of one service, from its first share to its last. `markers`: steps that act on it or look at it, in order.
std::vector<Piece> pieces_of(const plan::Plan& plan, const plan::Back& back, const plan::Forward& forward,
                             uint32_t service, const std::vector<uint32_t>& markers);

}  // namespace rollout::verify
