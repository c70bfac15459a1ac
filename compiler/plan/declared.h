// What a plan was made for, in words: a second statement of all that it holds, so that a number which is altered in one
// place is seen. For the planner, which writes it, and for the recheck, which holds the plan against it.
#pragma once

#include <string>
#include <string_view>

#include <llvm/ADT/STLFunctionalExtras.h>

namespace rollout::plan {

struct Plan;

/// One line for each thing that was declared, `gate healthy(checkout): every 15s, …`, and each step,
/// `3 shift checkout to 5%`. What most have alike is told of the others alone: what a gate does where it has no
/// verdict, if not fail, what does not come after the step before it, how long an action may take and what it sets
/// where that is not as before, a way back where it is another one. Two plans with the same lines differ in what the
/// text of a step says of it as well, and in places, phases and facts.
/// `take` gets one after the other, without its end, and says whether it wants more.
void tell_declared(const Plan& plan, llvm::function_ref<bool(std::string_view)> take);
/// All of them, each with its end.
std::string declared_text(const Plan& plan);

}  // namespace rollout::plan
