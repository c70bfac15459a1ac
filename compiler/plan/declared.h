// What a plan was made for, in words: a second statement of all that it holds, so that a number which is altered in one
// place is seen. For the planner, which writes it, and for the recheck, which holds the plan against it.
#pragma once

#include <string>
#include <vector>

namespace rollout::plan {

struct Plan;

/// One line for each thing that was declared, `gate healthy(checkout): every 15s, …`, and each step,
/// `3 shift checkout to 5%`. What most steps have alike is told of the others alone: what does not come after the step
/// before it, how long an action may take and what it sets where that is not as before, a way back where it is another
/// one. Two plans with the same lines differ in what the text of a step says of it as well, and in places, phases and
/// facts.
std::vector<std::string> declared_lines(const Plan& plan);

}  // namespace rollout::plan
