// Which approvals a run waits for, and whose answer counts. For the executor, and for the commands that answer.
// Always true: only members of the team count, each once, and only while the step waits.
#pragma once

#include <string>
#include <vector>

#include "runtime/exec/state.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

bool waits_for_approval(const plan::Plan& plan, StepRef step);

/// The steps that wait for an approval now, in the order of the plan; none once the run goes back.
std::vector<StepRef> open_approvals(const plan::Plan& plan, const State& state);

/// Why `answer`, to the approval that its step waits for, does not count; empty: it does.
std::string answer_problem(const plan::Plan& plan, const State& state, const journal::Request& answer);

/// `1 of 2 of sre have approved: anna`.
std::string approved_text(const plan::Approval& approval, const std::vector<std::string>& approved);

}  // namespace rollout::exec
