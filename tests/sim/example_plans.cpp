#include "tests/sim/example_plans.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/proofs.h"
#include "tests/sim/plans.h"
#include "tests/sim/read_text.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

namespace {

namespace fs = std::filesystem;

constexpr double bad_canary_ppb = 50'000'000;  // 5%

void add_rollouts(const fs::path& folder, const std::string& name, std::vector<Example>& out) {
  auto load = [&](const std::string& path) { return read_text(folder / path); };
  std::unique_ptr<Compilation> compiled = compile(name, load);
  ROLLOUT_CHECK(!compiled->diagnostics.has_errors(), "the examples compile");
  const ir::Program& program = *compiled->program;
  for (const ir::Rollout& rollout : program.rollouts) {
    if (rollout.module + 1 != program.modules.size()) continue;
    std::vector<std::pair<std::string_view, uint32_t>> environments = program.visible_environments();
    if (environments.empty()) environments.push_back({"", 0});
    for (auto [environment, index] : environments) {
      plan::Request request;
      request.rollout = rollout.decl->name.text;
      request.environment = environment;
      auto plan = plan::make_plan(program, request, compiled->sources, compiled->diagnostics);
      ROLLOUT_CHECK(plan, "each rollout of an example can be planned");
      plan->facts = verify::prove(*plan).facts;
      out.push_back({fmt::format("{}: {}", name, plan::rollout_text(*plan)), std::move(*plan)});
    }
  }
}

}  // namespace

std::vector<Example> examples(const std::string& folder) {
  std::vector<Example> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".rollout")
      add_rollouts(entry.path().parent_path(), entry.path().filename().string(), out);
  ROLLOUT_CHECK(out.size() >= 3, "the folder has the examples");
  return out;
}

sim::Scenario good_world(const plan::Plan& plan) {
  sim::Scenario scenario;
  scenario.settle_ns = 2 * second;
  for (const plan::Approval& approval : plan.approvals)
    for (const std::string& member : approval.members) scenario.answers.push_back({member, minute});
  return scenario;
}

sim::Scenario bad_world(const plan::Plan& plan) {
  sim::Scenario scenario = good_world(plan);
  uint32_t signal = signal_named(plan, "error_rate");
  // Where nothing is deployed the whole service is what goes wrong; on a fleet of hosts, all of them.
  bool deploys = std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) {
    return std::any_of(step.action.sets.begin(), step.action.sets.end(),
                       [](const plan::Setting& set) { return set.variable == plan::Variable::Version; });
  });
  bool in_place = std::any_of(plan.steps.begin(), plan.steps.end(),
                              [](const plan::Step& step) { return step.action.capability == "HostFleet"; });
  if (signal != plan::none)
    scenario.truths.push_back({signal, deploys ? plan::Role::Canary : plan::Role::All, {{0, bad_canary_ppb}}});
  for (uint32_t i = 0; in_place && i < plan.signals.size(); ++i)
    scenario.truths.push_back({i, plan::Role::Stable, {{0, bad_canary_ppb}}});
  return scenario;
}

}  // namespace rollout::sim_test
