// run_test: one test case, from its plan to what came of each expectation. For `test`. Always true: a test that passes
// had a plan, kept every invariant of the engine, met all that it expects, and saw all that it gives.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/coverage.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/test_plans.h"

namespace rollout::cli {

/// One thing that happened, for programs.
struct Happened {
  int64_t at_ns = 0;        ///< since the start
  std::string environment;  ///< of a promotion
  std::string text;
  bool cause = false;       ///< why the run went on as it did, which its timeline does not say
};

struct Tested {
  std::string file, name, place;
  std::vector<Found> found = {};
  std::vector<std::string> problems = {};  ///< no plan, an invariant that was broken, what never happened
  std::string timeline = {};
  std::string difference = {};             ///< of a snapshot: line by line
  std::vector<Happened> happened = {};     ///< the same, of a test that failed
  int64_t virtual_ns = 0;

  bool passed() const;
};

/// `coverage` learns which ways it walked; null: nobody asks.
Tested run_test(TestPlans& plans_of_file, const std::string& file, const plan::TestCase& test, Coverage* coverage);

}  // namespace rollout::cli
