// What the engine's scheduler costs without a journal, beside oneTBB's flow_graph and a bare loop over the same graph.
#pragma once

#include "tests/bench/engine.h"

namespace rollout::bench {

Result<bool> print_scheduler(const Setting& setting);

}  // namespace rollout::bench
