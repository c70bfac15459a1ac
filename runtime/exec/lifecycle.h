// The life cycles of the engine, each as one table, and which of their rows were taken.
#pragma once

#include <iterator>

#include "runtime/exec/cycle_breaker.h"
#include "runtime/exec/cycle_hold.h"
#include "runtime/exec/cycle_phase.h"
#include "runtime/exec/cycle_run.h"
#include "runtime/exec/cycle_step.h"

namespace rollout::exec {

/// Which rows were taken, by index: for the test that walks every row.
struct Walked {
  std::bitset<std::size(run_rows)> run;
  std::bitset<std::size(pause_rows)> pause;
  std::bitset<std::size(phase_rows)> phase;
  std::bitset<std::size(step_rows)> step;
  std::bitset<std::size(act_rows)> act;
  std::bitset<std::size(gate_rows)> gate;
  std::bitset<std::size(approval_rows)> approval;
  std::bitset<std::size(rollback_rows)> rollback;
  std::bitset<std::size(breaker_rows)> breaker;

  Walked& operator|=(const Walked& other) {
    run |= other.run, pause |= other.pause, phase |= other.phase, step |= other.step, act |= other.act;
    gate |= other.gate, approval |= other.approval, rollback |= other.rollback, breaker |= other.breaker;
    return *this;
  }
};

}  // namespace rollout::exec
