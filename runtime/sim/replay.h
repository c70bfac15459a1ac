// Replay: the counterexample of a finding, run by the real engine in the simulated world. For `simulate
// --counterexample` and for the tests of every proof. Pure: the same finding gives the same run to the bit.
#pragma once

#include "compiler/verify/proofs.h"
#include "runtime/sim/simulate.h"

namespace rollout::sim {

/// What depends on chance is tried so often at most, until a run shows it.
inline constexpr int max_replays = 200;

struct Replay {
  Scenario scenario;
  SimResult result;
  bool shown = false;  ///< whether the run does what the finding says
  std::string seen;    ///< what it does: `the way back takes 1m13s, and has 10s`
  int runs = 1;        ///< that were tried
};

/// The run that shows it; where none does, the one that comes closest.
Replay replay(const plan::Plan& plan, const verify::Finding& finding);

}  // namespace rollout::sim
