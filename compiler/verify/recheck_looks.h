// Private to recheck: who looks at a harm that gates declare, and when. Shares no code with the proofs.
// Always true: at the steps named here nothing else that could look, or act on the service, runs at the same time.
#pragma once

#include "compiler/verify/recheck_spans.h"

namespace rollout::verify {

struct Look {
  uint32_t step = plan::none;
  int64_t sample_ns = 1;
  double blocks = 0;  ///< samples that are sure
};

/// A condition that proves a harm: of gates, or of a watch.
struct Looker {
  uint32_t condition = plan::none;
  bool gate = true;
  double samples = 0;
  std::vector<Look> looks = {};  ///< in order of the steps
};

/// By signal: the smallest harm that a gate declares, in parts of a billion; 0: none does.
std::vector<int64_t> harms_of(const plan::Plan& plan);

/// By service, those that look longest; none where nobody looks at some harm of it. `acts`: by service, in order.
std::vector<std::vector<Looker>> lookers_of(const Brief& brief, const Exposures& exposures,
                                            const std::vector<int64_t>& harms,
                                            const std::vector<std::vector<uint32_t>>& acts);

}  // namespace rollout::verify
