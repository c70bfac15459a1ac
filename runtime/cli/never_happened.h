// What a test gives and nobody witnessed: the run was over before, or took another way. A test that says more than it
// tries has failed. For `test`.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/test_case.h"
#include "runtime/sim/simulate_promotion.h"

namespace rollout::cli {

/// One sentence each, with the place where it is written.
std::vector<std::string> never_happened(const plan::Plan& plan, const sim::Scenario& scenario,
                                        const plan::TestCase& test, const sim::SimResult& result);
std::vector<std::string> never_happened(const sim::PromotionScript& script, const plan::TestCase& test,
                                        const sim::PromotionResult& result);

}  // namespace rollout::cli
