// What comes after `kill -9`: of one run behind a long journal, and of many runs. And whether a state can be written
// for long as fast as twenty times a million deployments a day.
#pragma once

#include "tests/bench/engine.h"

namespace rollout::bench {

Result<bool> print_recovery(const Setting& setting);
Result<bool> print_active(const Setting& setting);
Result<bool> print_sustained(const Setting& setting);

}  // namespace rollout::bench
