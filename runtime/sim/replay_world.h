// Private to runtime/sim: the world of a counterexample as a scenario.
#pragma once

#include "compiler/verify/counterexample.h"
#include "runtime/sim/simulate.h"

namespace rollout::sim {

/// Everything of it that is the same in every run: how long actions take, who answers when, which step does not end.
Scenario scenario_of(const plan::Plan& plan, const verify::World& world);

/// When a step of a run began and ended, since its start; of one that did not end: when the run did.
struct Span {
  int64_t begin_ns = 0, end_ns = 0;
};
Span span_of(const SimResult& result, uint32_t step);

/// `calm`, with what is said of signals `after_ns` after their step begins, and the abort when it has begun. Looks
/// first when these steps begin.
Scenario scripted(const plan::Plan& plan, const verify::World& world, Scenario calm, int64_t after_ns);

}  // namespace rollout::sim
