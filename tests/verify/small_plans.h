// Small random plans, for the oracles: few enough steps that every way through them can be looked at.
#pragma once

#include "tests/sim/plans.h"

namespace rollout::verify {

/// Up to nine steps: each after some of the earlier ones, and after the last that acts on its service, as planned. All
/// of its times are whole seconds.
plan::Plan small_plan(uint64_t seed);

/// small_plan() whose actions set shares, in whole percents, and whose ways back take them away.
plan::Plan exposing_plan(uint64_t seed);

}  // namespace rollout::verify
