// The examples as people write them: no run of one exceeds what was proven of its plan, and the recheck agrees.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/recheck.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t worlds_each = 25;

Result<std::string> read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return OpError{"cannot read " + path.string()};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

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

}  // namespace rollout::verify
