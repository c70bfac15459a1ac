// How long proofs and their recheck take, beside compiling and planning the same program in the same process. For
// `rollout_bench`.
#pragma once

#include <vector>

#include "compiler/base/result.h"

namespace rollout::bench {

/// One size, medians in milliseconds of CPU time.
struct ProofTimes {
  int phases = 0;
  bool harm = false;      ///< declared, and proven in each phase
  double plan_ms = 0;     ///< reading, checking and planning
  double proofs_ms = 0;
  double recheck_ms = 0;
  double limit_ms = 0;    ///< of the proofs; 0: any. The recheck may take a third of what they take
  bool is_kept() const { return (limit_ms == 0 || proofs_ms <= limit_ms) && recheck_ms <= proofs_ms / 3; }
};

/// rollout_source(phases, harm), `rounds` times.
Result<ProofTimes> measure_proofs(int phases, bool harm, int rounds, double limit_ms);

/// Prints 1,000, 10,000 and 100,000 phases, without harm and with it; false: one of the first two does not keep a
/// limit, or ten times the phases take more than n·log n.
Result<bool> print_proofs();

}  // namespace rollout::bench
