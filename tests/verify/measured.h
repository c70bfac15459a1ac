// Worlds in which the bounds of a plan must hold, and what a run in one of them says of these bounds.
#pragma once

#include <catch2/catch.hpp>

#include "compiler/verify/proofs.h"
#include "runtime/sim/random.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"
#include "tests/sim/worlds.h"

namespace rollout::verify {

/// Everything may fail, but the process lives, the journal can be written, and nobody else changes a router.
inline sim::Scenario calm_world(const plan::Plan& plan, uint64_t seed, sim_test::Span span) {
  sim::Scenario world = sim_test::random_world(plan, seed, span);
  std::erase_if(world.faults, [](const sim::Fault& fault) {
    return fault.kind == sim::FaultKind::RouterReset || sim::is_of_store(fault.kind);
  });
  world.crash_at.clear();
  world.interrupt_at_ns.reset();
  world.hands.clear();  // a person's pause is part of no bound
  world.reopen_after_ns.reset();
  sim::Random random(seed);
  for (const plan::Approval& approval : plan.approvals)
    for (const std::string& member : approval.members)
      if (random.chance(0.6))
        world.answers.push_back({member, random.below(12 * sim_test::minute), random.chance(0.1)});
  return world;
}

/// What one run says of the bounds of its plan.
class Measured {
 public:
  Measured(const plan::Plan& plan, const sim::SimResult& result) : plan_(plan), result_(result) {
    for (const journal::Event& event : result.events) read(event);
  }

  void check(const plan::Facts& facts) const {
    CHECK(forward_ns_ <= facts.worst_ns);
    CHECK(back_over_ns_ <= facts.give_up_ns);
    if (!within_attempts_) return;
    CHECK(back_ns_ <= facts.back_ns);
    if (parked_) return;
    for (const plan::ExposureFacts& one : facts.exposure) CHECK(result_.exposure_ns[one.service] <= one.unseen_ns);
  }
  bool went_back() const { return back_over_ns_ >= 0; }
  int64_t forward_ns() const { return forward_ns_; }
  /// Of the undo actions, where each needed no more attempts than it has; -1: none.
  int64_t back_ns() const { return within_attempts_ ? back_ns_ : -1; }

 private:
  void read(const journal::Event& event) {
    const auto* failed = std::get_if<journal::StepFailed>(&event.what);
    const auto* done = std::get_if<journal::StepDone>(&event.what);
    const auto* ended = std::get_if<journal::RunEnded>(&event.what);
    bool verifies = std::holds_alternative<journal::VerifyStarted>(event.what);
    parked_ |= std::holds_alternative<journal::Parked>(event.what) ||
               (ended && ended->outcome == journal::Outcome::Parked);
    if (failed && failed->step.undo)
      within_attempts_ &= !failed->last && failed->attempt < plan_.undo[failed->step.step].attempts;
    // A person who aborts a parked run makes a pause of it.
    if (std::holds_alternative<journal::RollbackStarted>(event.what)) {
      if (!parked_) forward_ns_ = std::max(forward_ns_, event.run_ns);
      began_ns_ = event.run_ns;
    }
    bool succeeded = ended && ended->outcome == journal::Outcome::Succeeded;
    if (succeeded || (done && !done->step.undo && !parked_)) forward_ns_ = std::max(forward_ns_, event.run_ns);
    if (began_ns_ < 0) return;
    if (done && done->step.undo) back_ns_ = event.run_ns - began_ns_;
    if ((verifies || ended) && back_over_ns_ < 0) back_over_ns_ = event.run_ns - began_ns_;
  }

  const plan::Plan& plan_;
  const sim::SimResult& result_;
  int64_t forward_ns_ = 0, began_ns_ = -1, back_ns_ = 0, back_over_ns_ = -1;
  bool within_attempts_ = true, parked_ = false;
};

}  // namespace rollout::verify
