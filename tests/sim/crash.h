// Crash campaigns over any plan: the process dies at every operation on its world or journal, once each, and also
// again while it recovers. For the engine's tests and for tests that bring compiled plans.
#pragma once

#include <string>
#include <vector>

#include "runtime/sim/simulate.h"

namespace rollout::sim_test {

struct CrashReport {
  int64_t points = 0;                 ///< runs that were made
  sim::SimResult undisturbed;         ///< the run without a crash
  std::vector<std::string> failures;  ///< which crash led to which violation; empty: all is well
};

/// Every run ends without a violation and, unless `outcome_may_differ`, as the undisturbed one does. `stride` takes
/// only each n-th point: for long plans.
CrashReport crash_everywhere(const plan::Plan& plan, const sim::Scenario& scenario,
                             int64_t stride = 1, bool outcome_may_differ = false);

/// As above, with a second crash `gap` operations after each first one, for every gap up to `max_gap`.
CrashReport crash_while_recovering(const plan::Plan& plan, const sim::Scenario& scenario,
                                   int64_t max_gap, int64_t stride = 1);

/// As crash_everywhere for runs of hours, of which nearly all is samples that are alike: every point from just before
/// to well after each event that is no sample (the whole of every action and decision), and `others` more, spread
/// evenly over the run. With `max_gap`, also twice: a second crash up to so many operations after each of the events.
CrashReport crash_around_events(const plan::Plan& plan, const sim::Scenario& scenario,
                                int64_t others, int64_t max_gap);

/// A crash right behind each journal record: the `part`-th of `parts` of them. Of samples, which are alike, each
/// `sample_stride`-th; 1: all.
CrashReport crash_after_records(const plan::Plan& plan, const sim::Scenario& scenario, int64_t part, int64_t parts,
                                int64_t sample_stride);

}  // namespace rollout::sim_test
