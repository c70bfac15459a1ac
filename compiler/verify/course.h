// Private to compiler/verify: when each step of a run begins and ends in a world in which nothing else goes wrong. For
// the paths of counterexamples.
#pragma once

#include "compiler/verify/counterexample.h"

namespace rollout::verify {

/// By step, since the start of the run.
struct Course {
  std::vector<int64_t> begin_ns, end_ns;
  /// In the order in which they begin.
  std::vector<uint32_t> order;
};

Course course_of(const plan::Plan& plan, const World& world);

/// A moment at which a plan with a calendar may begin, its policies kept, and when the calendar closes after it.
/// `whole`: the calendar has just opened. Nothing: it never opens, or never closes.
struct Opening {
  int64_t start_wall_ns = 0;
  int64_t closes_ns = 0;  ///< since the start
};
std::optional<Opening> opening_of(const plan::Plan& plan, bool whole);

/// The value of a signal at which the condition speaks against a version, as far as there is one: the largest, or zero.
double worst_value(const plan::Plan& plan, const plan::Condition& condition);

}  // namespace rollout::verify
