// Durable steps over HTTP, beside a raw loop of as many requests and records on the same disk: a chain, 20 lanes, waves
// over 20 regions and their way back.
#pragma once

#include "tests/bench/engine.h"

namespace rollout::bench {

Result<bool> print_steps(const Setting& setting);
Result<bool> print_waves(const Setting& setting);

}  // namespace rollout::bench
