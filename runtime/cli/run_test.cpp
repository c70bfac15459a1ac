#include "runtime/cli/run_test.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/idle_givens.h"
#include "runtime/cli/bugs_of.h"
#include "runtime/cli/never_happened.h"
#include "runtime/cli/simulate_promotion.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"

namespace rollout::cli {

namespace {

constexpr int timeline_columns = 100;

Style plain() { return {false, true, timeline_columns}; }

/// A process that died, or what turned the run round.
bool is_cause(const journal::Payload& what) {
  return std::holds_alternative<journal::Resumed>(what) || std::holds_alternative<journal::WatchFired>(what) ||
         std::holds_alternative<journal::AbortRequested>(what) ||
         std::holds_alternative<journal::RollbackStarted>(what) ||
         std::holds_alternative<journal::RollbackWithheld>(what) ||
         std::holds_alternative<journal::ScopeRollbackStarted>(what);
}

/// What happened in one run, said as `simulate --verbose` says it.
void add_happened(std::vector<Happened>& happened, const plan::Plan& plan, const sim::SimResult& result,
                  std::string_view environment) {
  RunLog log(plan);
  for (const journal::Event& event : result.events) {
    log.add(event);
    std::string text = event_line(plan, event, log, plain());
    if (text.empty()) continue;
    happened.push_back({event.run_ns, std::string(environment), std::move(text), is_cause(event.what)});
  }
}

void note_outcome(Tested& tested, std::vector<Found> found, const std::vector<std::string>& violations,
                  std::vector<std::string> missing, int64_t run_ns) {
  tested.found = std::move(found);
  for (const std::string& violation : violations) tested.problems.push_back("a bug in rollout: " + violation);
  tested.problems.insert(tested.problems.end(), missing.begin(), missing.end());
  tested.virtual_ns = run_ns;
}

/// In one environment each that was entered.
void run_promotion(Tested& tested, std::vector<plan::Plan> plans, const plan::TestCase& test, Coverage* coverage) {
  sim::PromotionScript script = script_of(std::move(plans), test);
  sim::PromotionResult result = sim::simulate_promotion(script);
  note_outcome(tested, hold_against(script, test, result), bugs_of(script, result),
               never_happened(script, test, result), result.run_ns);
  tested.timeline = promotion_timeline(script, result, plain());
  for (size_t i = 0; i < script.stages.size(); ++i) {
    if (!result.stages[i]) continue;
    if (coverage != nullptr) coverage->add_run(script.stages[i].plan, *result.stages[i]);
    if (!tested.passed())
      add_happened(tested.happened, script.stages[i].plan, *result.stages[i], script.stages[i].environment);
  }
}

void run_rollout(Tested& tested, plan::Plan plan, const plan::TestCase& test, Coverage* coverage) {
  if (test.start_wall_ns)
    if (std::optional<std::string> forbidden = forbidden_text(plan, *test.start_wall_ns)) {
      tested.problems.push_back("the run cannot begin: " + *forbidden);
      return;
    }
  sim::Scenario scenario = scenario_of(plan, test);
  sim::SimResult result = sim::run_simulation(plan, scenario);
  note_outcome(tested, hold_against(plan, test, result), bugs_of(plan, result.violations),
               never_happened(plan, scenario, test, result), result.run_ns);
  if (coverage != nullptr) coverage->add_run(plan, result);
  RunLog log(plan);
  for (const journal::Event& event : result.events) log.add(event);
  tested.timeline = timeline_text(log, plain());
  if (!tested.passed()) add_happened(tested.happened, plan, result, "");
}

}  // namespace

bool Tested::passed() const {
  return problems.empty() && std::all_of(found.begin(), found.end(), [](const Found& one) { return one.met; });
}

Tested run_test(TestPlans& plans_of_file, const std::string& file, const plan::TestCase& test, Coverage* coverage) {
  Tested tested{file, test.name, test.place};
  std::vector<plan::Plan> plans;
  for (const plan::Stage& stage : plan::stages_of(test)) {
    TestPlan made = plans_of_file.plan(plan::request_of(test, stage));
    if (!made.plan) {
      tested.problems = std::move(made.problems);
      return tested;
    }
    if (coverage != nullptr) coverage->add_plan(*made.plan);
    plans.push_back(std::move(*made.plan));
  }
  for (const plan::Idle& idle : plan::idle_givens(test, plans))
    tested.problems.push_back(
        fmt::format("`{}` ({}) changes nothing: {}", idle.written.text, idle.written.place, idle.why));
  if (!tested.problems.empty()) return tested;
  if (test.stages.empty()) run_rollout(tested, std::move(plans.front()), test, coverage);
  else run_promotion(tested, std::move(plans), test, coverage);
  return tested;
}

}  // namespace rollout::cli
