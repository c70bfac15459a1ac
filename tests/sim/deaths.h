// Runs of one plan that die at different operations. For crash campaigns.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/sim/simulate.h"

namespace rollout::sim_test {

/// The operations, ascending, at which the simulated process dies; at least one.
using Deaths = std::vector<int64_t>;

/// What is wrong with such a run; empty: nothing.
using Judge = std::function<std::vector<std::string>(const Deaths&, const sim::SimResult&)>;

/// Makes a run for each element of `all` and returns what `judge` says of them, up to some failures. The scenario has
/// no crashes of its own.
std::vector<std::string> run_deaths(const plan::Plan& plan, const sim::Scenario& scenario, std::vector<Deaths> all,
                                    const Judge& judge);

/// The same, for long runs: what they have in common is driven once, and where one of them dies, it goes on in a copy
/// of this process. One copy lives at a time; one that does not come to its end is a failure as well.
std::vector<std::string> run_deaths_in_copies(const plan::Plan& plan, const sim::Scenario& scenario,
                                              std::vector<Deaths> all, const Judge& judge);

}  // namespace rollout::sim_test
