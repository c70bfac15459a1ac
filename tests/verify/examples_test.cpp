// The examples as people write them: no run of one exceeds what was proven of its plan, and the recheck agrees.
#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/read_text.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

namespace fs = std::filesystem;
using sim_test::read_text;

constexpr uint64_t worlds_each = 25;

/// Every rollout of the file, in every environment that it knows.
std::vector<plan::Plan> plans_of(const fs::path& file) {
  auto load = [&](const std::string& path) { return read_text(file.parent_path() / path); };
  std::unique_ptr<Compilation> compiled = compile(file.filename().string(), load);
  REQUIRE(!compiled->diagnostics.has_errors());
  const ir::Program& program = *compiled->program;
  std::vector<std::pair<std::string_view, uint32_t>> environments = program.visible_environments();
  if (environments.empty()) environments.push_back({"", 0});
  std::vector<plan::Plan> plans;
  for (const ir::Rollout& rollout : program.rollouts)
    for (auto [environment, index] : environments) {
      if (rollout.module + 1 != program.modules.size()) continue;
      plan::Request request;
      request.rollout = rollout.decl->name.text;
      request.environment = environment;
      auto plan = plan::make_plan(program, request, compiled->sources, compiled->diagnostics);
      REQUIRE(plan);
      plans.push_back(std::move(*plan));
    }
  return plans;
}

}  // namespace

TEST_CASE("no run of an example exceeds a bound of its plan") {
  int64_t plans = 0, runs = 0;
  for (const auto& entry : fs::recursive_directory_iterator(ROLLOUT_EXAMPLES)) {
    if (entry.path().extension() != ".rollout") continue;
    for (plan::Plan& plan : plans_of(entry.path())) {
      INFO(entry.path().filename().string() << ": " << plan::rollout_text(plan));
      Proofs proofs = prove(plan);
      for (const Finding& finding : proofs.findings) UNSCOPED_INFO(path_text(finding.path));
      CHECK(proofs.findings.empty());
      plan.facts = proofs.facts;
      CHECK(recheck(plan).empty());
      ++plans;
      if (plan.during) continue;  // a calendar may keep it waiting, and that is no part of a bound
      sim_test::Span span{std::max<int64_t>(proofs.facts.typical_ns, sim_test::second), 300};
      for (uint64_t seed = 1; seed <= worlds_each; ++seed, ++runs) {
        INFO("seed " << seed);
        Measured(plan, sim::run_simulation(plan, calm_world(plan, seed, span))).check(proofs.facts);
      }
    }
  }
  CHECK(plans > 10);
  WARN(fmt::format("{} plans, {} runs", plans, runs));
}

// Judged beside the stable version, then beside its own past: whenever a regression of the declared harm begins.
TEST_CASE("the graduated release keeps its budget of exposure") {
  std::vector<plan::Plan> plans = plans_of(fs::path(ROLLOUT_EXAMPLES) / "graduated/graduated.rollout");
  REQUIRE(plans.size() == 1);
  const plan::Plan& plan = plans[0];
  plan::Facts facts = prove(plan).facts;
  REQUIRE(facts.exposure.size() == 1);
  REQUIRE(facts.exposure[0].harm_ns);
  REQUIRE(plan.budget_exposure_ns);
  CHECK(*facts.exposure[0].harm_ns <= *plan.budget_exposure_ns);
  const plan::Gate& gate = plan.gates[plan.steps[plan.steps.size() - 2].gates[0]];
  REQUIRE(gate.harm_of);
  int64_t met_most = 0, runs = 0, seen = 0;
  for (int64_t settle : {int64_t{0}, 14 * sim_test::second})
    for (int64_t at = 0; at < 150 * sim_test::minute; at += 251 * sim_test::second, ++runs) {
      sim::Scenario healthy;
      healthy.settle_ns = settle;
      for (const plan::Approval& approval : plan.approvals)
        for (const std::string& member : approval.members) healthy.answers.push_back({member, 0, false});
      sim::Scenario worse = healthy;
      worse.truths = {{gate.harm_of->signal, plan::Role::Canary,
                       {{at, sim::default_error_ppb + double(gate.harm_ppb)}}}};
      healthy.abort_at_ns = at;  // what users met of the version before it went wrong does not count
      sim::SimResult result = sim::run_simulation(plan, worse);
      int64_t before = at == 0 ? 0 : sim::run_simulation(plan, healthy).exposure_ns[0];
      INFO("from " << at / sim_test::second << " s on, actions of " << settle / sim_test::second << " s");
      int64_t met = result.exposure_ns[0] - before;
      CHECK(met <= *facts.exposure[0].harm_ns);
      met_most = std::max(met_most, met);
      seen += result.outcome == journal::Outcome::RolledBack;
    }
  CHECK(seen * 10 >= runs * 8);
  WARN(fmt::format("{} regressions, {} taken back; {} of full traffic at most, {} proven", runs, seen,
                   eval::duration_text(met_most), eval::duration_text(*facts.exposure[0].harm_ns)));
}

}  // namespace rollout::verify
