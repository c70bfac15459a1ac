// What a test expects of a promotion: of all of it, or of one environment.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/scenario_of.h"
#include "runtime/cli/style.h"
#include "runtime/cli/view_promotion_run.h"

namespace rollout::cli {

namespace {

using plan::Expected;

/// The stage that an expectation is about: the one that it names, or the one in which the promotion ended.
size_t stage_meant(const plan::Expectation& expected, const sim::PromotionScript& script,
                   const sim::PromotionResult& result) {
  for (size_t i = 0; i < script.stages.size(); ++i)
    if (script.stages[i].environment == expected.environment) return i;
  return exec::stage_of(result.state);
}

std::string where_it_ended(const sim::PromotionResult& result) {
  const std::string& environment = result.state.begun.stages[exec::stage_of(result.state)].environment;
  if (result.outcome == journal::Outcome::Succeeded) return "succeeded in every environment";
  std::string why = result.cause.empty() ? "" : ": " + result.cause;
  if (!result.outcome) return fmt::format("it did not end, and stands in {}", environment);
  return fmt::format("{} in {}{}", *result.outcome == journal::Outcome::RolledBack ? "rolled back" : "parked",
                     environment, why);
}

/// As of a run, in the environment that is meant.
Found of_stage(const plan::Expectation& expected, const sim::PromotionScript& script,
               const sim::PromotionResult& result) {
  size_t stage = stage_meant(expected, script, result);
  std::string text = fmt::format("{} ({})", expected.text, expected.place);
  if (!result.stages[stage])
    return {false, text,
            fmt::format("{} was not entered: {}", script.stages[stage].environment, where_it_ended(result))};
  plan::TestCase alone;
  alone.expectations = {expected};
  return hold_against(script.stages[stage].plan, alone, *result.stages[stage]).front();
}

Found reached(const plan::Expectation& expected, const sim::PromotionScript& script,
              const sim::PromotionResult& result) {
  bool entered = false;
  for (size_t i = 0; i < script.stages.size(); ++i)
    entered |= script.stages[i].environment == expected.environment && result.stages[i].has_value();
  return {entered == (expected.what == Expected::Reached), fmt::format("{} ({})", expected.text, expected.place),
          fmt::format("{} was {}; {}", expected.environment, entered ? "entered" : "not entered",
                      where_it_ended(result))};
}

/// Of the promotion as a whole.
Found of_all(const plan::Expectation& expected, const sim::PromotionScript& script,
             const sim::PromotionResult& result) {
  plan::TestCase alone;
  alone.expectations = {expected};
  size_t last = exec::stage_of(result.state);
  sim::SimResult sum = result.stages[last].value_or(sim::SimResult{});
  sum.outcome = result.outcome;
  sum.run_ns = result.run_ns;
  std::vector<sim::Told> told;
  for (const std::optional<sim::SimResult>& stage : result.stages) {
    if (!stage) continue;
    told.insert(told.end(), stage->told.begin(), stage->told.end());
    // Of the environments, the one in which users met it longest.
    for (size_t i = 0; i < std::min(sum.exposure_ns.size(), stage->exposure_ns.size()); ++i)
      sum.exposure_ns[i] = std::max(sum.exposure_ns[i], stage->exposure_ns[i]);
    sum.rollback_ns = std::max(sum.rollback_ns, stage->rollback_ns);
  }
  sum.told = std::move(told);
  Found found = hold_against(script.stages[last].plan, alone, sum).front();
  bool outcome = expected.what == Expected::Succeeded || expected.what == Expected::RolledBack ||
                 expected.what == Expected::Parked;
  if (outcome) found.actual = where_it_ended(result);
  return found;
}

}  // namespace

std::vector<Found> hold_against(const sim::PromotionScript& script, const plan::TestCase& test,
                                const sim::PromotionResult& result) {
  std::vector<Found> all;
  for (const plan::Expectation& expected : test.expectations) {
    bool named = !expected.environment.empty();
    if (expected.what == Expected::Reached || expected.what == Expected::NotReached)
      all.push_back(reached(expected, script, result));
    else
      all.push_back(named ? of_stage(expected, script, result) : of_all(expected, script, result));
  }
  return all;
}

}  // namespace rollout::cli
