// Plans made by hand for the engine's tests: small, but with every construct that the engine knows.
#pragma once

#include "compiler/plan/plan.h"
#include "runtime/sim/scenario.h"

namespace rollout::sim_test {

inline constexpr int64_t second = 1'000'000'000;
inline constexpr int64_t minute = 60 * second;

// Indices into Plan::signals of the plan below.
inline constexpr uint32_t error_rate = 0, latency = 1;

/// deploy, then two phases (5%, 50%) of `hold_ns` each behind a gate, a watch over both, promote; the check after
/// a rollback is on when `verify`.
plan::Plan canary_plan(int64_t hold_ns = minute, bool verify = true);

/// The same without gates and watches, each phase a bare hold.
plan::Plan ungated_plan();

/// Two steps that may run at the same time, then a third.
plan::Plan parallel_plan();
/// canary_plan() with an approval by 2 of anna, ben and carla between the two phases.
plan::Plan approval_plan(plan::Unapproved on_timeout);
/// As canary_plan: its gate asks two of three members about what speaks against the canary, and one, after a minute
/// also a manager, about a lack of evidence.
plan::Plan asking_plan(plan::Unapproved on_timeout);
/// Two branches that each wait for people, for ten and for twenty minutes.
plan::Plan two_approvals_plan();
/// canary_plan() as one scope that may fail: then it goes back alone, is checked, and the run ends without it.
plan::Plan scoped_plan();
/// canary_plan() in which a watch takes the place of the gate's proof: evidence over both phases, every five seconds.
plan::Plan watched_plan(int64_t hold_ns = minute);
/// canary_plan() with a control of one instance of four, with which the gate and a watch compare.
plan::Plan control_plan();
/// canary_plan() behind a checkpoint.
plan::Plan checkpoint_plan();
/// canary_plan() with a commit before the promote, which cannot be undone.
plan::Plan commit_plan();


/// `role`'s error rate is `percent` from `at_ns` on.
sim::Truth errors(plan::Role role, double percent, int64_t at_ns = 0);

sim::Fault fault(sim::FaultKind kind, std::string action = "", int times = 1);

}  // namespace rollout::sim_test
