// Many runs at once: simulated ones, idle ones, and one whose driver was killed behind a long journal.
#pragma once

#include "tests/bench/engine.h"

namespace rollout::bench {

Result<bool> print_simulated(const Setting& setting);
Result<bool> print_alive(const Setting& setting);
Result<bool> print_recovery(const Setting& setting);

}  // namespace rollout::bench
