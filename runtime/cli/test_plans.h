// TestPlans: the plans that the tests of one file run by. Tests that ask for the same rollout, inputs and world share
// one, so that a thousand tests plan as often as they differ.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.h"

namespace rollout::cli {

/// Beyond so many different ones plans are made again; a file of tests has few.
inline constexpr size_t most_test_plans = 256;

/// A plan, or why there is none, a sentence an error.
struct TestPlan {
  std::optional<plan::Plan> plan;
  std::vector<std::string> problems;
};

class TestPlans {
 public:
  explicit TestPlans(const Compilation& compilation) : compilation_(compilation) {}
  TestPlan plan(const plan::Request& request);
  size_t made() const { return made_; }

 private:
  const Compilation& compilation_;
  std::map<std::string, TestPlan> known_;
  size_t made_ = 0;
};

inline constexpr std::string_view no_plan = "no plan could be made";

/// Why there is no plan, or none that may run. `what`: that which the errors keep from being.
std::vector<std::string> plan_problems(const Diagnostics& diagnostics, const SourceMap& sources,
                                       std::string_view what = no_plan);

}  // namespace rollout::cli
