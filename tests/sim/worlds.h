// Random worlds for any plan: each seed draws truths, faults, crashes and an abort. For the campaigns over the plans
// made by hand and over the compiled examples. The same plan, seed and span give the same world.
#pragma once

#include "compiler/plan/plan.h"
#include "runtime/sim/scenario.h"

namespace rollout::sim_test {

/// How long the undisturbed run takes and how many points it has at which its process can die.
struct Span {
  int64_t run_ns = 0;
  int64_t operations = 0;
};

/// One of the plans made by hand, and a span that fits each of them.
plan::Plan random_plan(uint64_t seed);
inline constexpr Span random_span{150'000'000'000, 300};

sim::Scenario random_world(const plan::Plan& plan, uint64_t seed, Span span);

/// The signal with this name, of the first service that has it; plan::none: there is none.
uint32_t signal_named(const plan::Plan& plan, std::string_view name);

}  // namespace rollout::sim_test
