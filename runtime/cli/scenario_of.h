// What a `test` block gives, as a scenario for the simulated world, and what it expects, held against the
// result.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/test_case.h"
#include "runtime/sim/simulate_promotion.h"

namespace rollout::cli {

/// `plan` takes over what is given of the load itself. Signals that no gate of the plan reads change nothing. What is
/// given in another environment than the plan's is left out.
sim::Scenario scenario_of(plan::Plan& plan, const plan::TestCase& test);
/// Of a test of a promotion; `plans` are those of its stages.
sim::PromotionScript script_of(std::vector<plan::Plan> plans, const plan::TestCase& test);

/// Where nobody has written a scenario: everybody whom the plan asks says yes after a minute.
std::vector<sim::Answer> willing_people(const plan::Plan& plan);

struct Found {
  bool met = false;
  std::string expected;  ///< as written, with its place: `rolled_back in phase canary (shop.rollout:72)`
  std::string actual;    ///< `rolled back in phase pilot`, `31.2s`
  std::string passed = {};              ///< of a limit that was not kept: `passed at 02:00 in phase pilot`
  std::vector<plan::Part> values = {};  ///< of a comparison: what is measured, then the parts of the other side
};

/// `order(…)`, `rollback.order(…)`: by when each action was first done.
bool in_order(const plan::Plan& plan, const plan::Expectation& expected, const sim::SimResult& result);
/// `front.deploy at 0ms, stock.deploy at 12s; search.deploy was not done`
std::string order_text(const plan::Plan& plan, const plan::Expectation& expected, const sim::SimResult& result);

std::vector<Found> hold_against(const plan::Plan& plan, const plan::TestCase& test,
                                const sim::SimResult& result);
std::vector<Found> hold_against(const sim::PromotionScript& script, const plan::TestCase& test,
                                const sim::PromotionResult& result);

}  // namespace rollout::cli
