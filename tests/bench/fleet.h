// Many runs at once: simulated ones, and idle ones.
#pragma once

#include "tests/bench/engine.h"

namespace rollout::bench {

Result<bool> print_simulated(const Setting& setting);
Result<bool> print_alive(const Setting& setting);

}  // namespace rollout::bench
