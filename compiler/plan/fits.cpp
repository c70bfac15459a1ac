#include "compiler/plan/fits.h"

#include <algorithm>

namespace rollout::plan {

int64_t foreseen_samples(const Gate& gate, int64_t hold_ns) {
  return (hold_ns + gate.undecided.hold_ns) / std::max<int64_t>(1, gate.sample_ns);
}

}  // namespace rollout::plan
