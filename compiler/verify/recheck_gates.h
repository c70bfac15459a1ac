// Private to recheck: whether what a plan says of its gates and of its calendar is so. Own code, as recheck.cpp: a week
// minute by minute, steps one by one, and each power at the number that the plan names, and a little below it.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

void recheck_sight(const plan::Plan& plan, std::vector<std::string>& broken);

/// `starts`: by which time after its start a run has begun its last step, and the same where people answer at once.
void recheck_start(const plan::Plan& plan, int64_t begun_ns, int64_t answered_ns, std::vector<std::string>& broken);

}  // namespace rollout::verify
