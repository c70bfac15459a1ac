// Every finding of every program of tests/golden: it says what was computed and what was required, has its place, a
// path with offsets and the command that replays it, and the replay shows it.
#include <filesystem>
#include <functional>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/test_case.h"
#include "compiler/verify/recheck.h"
#include "compiler/verify/report.h"
#include "runtime/sim/replay.h"
#include "tests/sim/read_text.h"

namespace rollout::verify {

namespace {

namespace fs = std::filesystem;
using sim_test::read_text;

const fs::path golden = ROLLOUT_GOLDEN;

/// What is `shared` stands beside every case below its folder.
std::unique_ptr<Compilation> compiled(const fs::path& file) {
  auto load = [&](const std::string& path) {
    for (fs::path folder = file.parent_path(); folder != golden.parent_path(); folder = folder.parent_path())
      if (fs::exists(folder / path)) return read_text(folder / path);
    return Result<std::string>(OpError{"there is no " + path});
  };
  return compile(file.filename().string(), load);
}

struct Seen {
  int findings = 0, shown = 0, without_run = 0;
};

/// The plans of each rollout of the file, those that its environments make of it.
void each_plan(Compilation& of, const std::function<void(const plan::Plan&)>& visit) {
  const ir::Program& program = *of.program;
  std::vector<std::pair<std::string_view, uint32_t>> environments = program.visible_environments();
  if (environments.empty()) environments.push_back({"", 0});
  for (const ir::Rollout& rollout : program.rollouts)
    for (const auto& environment : environments) {
      if (rollout.module + 1 != program.modules.size()) continue;
      plan::Request request;
      request.rollout = rollout.decl->name.text;
      request.environment = environment.first;
      request.keep_breaches = true;
      Diagnostics refused;
      if (auto plan = plan::make_plan(program, request, of.sources, refused)) visit(*plan);
    }
}

/// Those of the tests of the file, which say what runs.
void each_test(Compilation& of, const std::function<void(const plan::Plan&)>& visit) {
  for (const plan::TestCase& test : plan::test_cases(*of.program, of.sources, of.diagnostics))
    for (const plan::Stage& stage : plan::stages_of(test)) {
      Diagnostics refused;
      auto plan = plan::make_plan(*of.program, plan::request_of(test, stage), of.sources, refused);
      if (plan) visit(*plan);
    }
}

/// All that a finding has to show. `over_ns`: by then a run is over at the latest.
void look(const Compilation& of, const plan::Plan& plan, const Finding& finding, int64_t over_ns, Seen& seen) {
  Diagnostics said;
  Span rollout{of.program->modules.back()->file->source, 0, 0};
  report({finding}, of.sources, rollout, "rollout simulate FILE ROLLOUT", said);
  REQUIRE(said.size() == 1);
  const Diagnostic& one = *said.sorted().front();
  INFO(one.name << ": " << one.message);
  ++seen.findings;
  CHECK(one.span.valid());
  CHECK(!one.message.empty());
  if (!one.witness) {  // what policies refuse of the plan as a whole
    ++seen.without_run;
    CHECK(finding.claim == Claim::Policy);
    return;
  }
  const Witness& witness = *one.witness;
  CHECK(!witness.computed.empty());
  CHECK(!witness.required.empty());
  CHECK(witness.id.size() == 8);
  CHECK(witness.replay == "rollout simulate FILE ROLLOUT --counterexample " + witness.id);
  REQUIRE(!witness.path.empty());
  for (size_t i = 0; i < witness.path.size(); ++i) {
    CHECK(!witness.path[i].text.empty());
    CHECK(witness.path[i].at_ns >= (i == 0 ? 0 : witness.path[i - 1].at_ns));
  }
  if (finding.claim == Claim::Exposure) CHECK(witness.path.back().at_ns <= over_ns);
  sim::Replay replay = sim::replay(plan, finding);
  INFO(path_text(witness.path) << "; seen: " << replay.seen);
  CHECK(replay.shown);
  seen.shown += replay.shown;
}

/// The recheck holds what the proofs say; of what they find it may say the same.
void believe(plan::Plan plan, const Proofs& proofs) {
  plan.facts = proofs.facts;
  for (const std::string& broken : recheck(plan)) {
    INFO(broken);
    CHECK(!proofs.findings.empty());
  }
}

}  // namespace

TEST_CASE("each finding of each golden program shows all that it has to, and its replay shows the finding") {
  std::map<std::string_view, Seen> seen;
  int programs = 0, plans = 0, tests = 0;
  for (const char* stage : {"check", "plan", "suggest", "simulate", "test"})
    for (const auto& entry : fs::recursive_directory_iterator(golden / stage)) {
      bool shared = entry.path().string().find("/shared/") != std::string::npos;
      if (entry.path().extension() != ".rollout" || shared) continue;
      std::unique_ptr<Compilation> of = compiled(entry.path());
      if (of->diagnostics.has_errors()) continue;
      ++programs;
      each_plan(*of, [&](const plan::Plan& plan) {
        ++plans;
        Proofs proofs = prove(plan);
        INFO(entry.path().string());
        believe(plan, proofs);
        for (const Finding& finding : proofs.findings) {
          look(*of, plan, finding, proofs.facts.worst_ns + proofs.facts.back_ns, seen[name_of(finding)]);
        }
      });
      each_test(*of, [&](const plan::Plan& plan) {
        ++tests;
        INFO(entry.path().string());
        for (const Finding& finding : find_incompatible(plan)) look(*of, plan, finding, 0, seen[name_of(finding)]);
      });
    }
  CHECK(tests > 100);
  for (const auto& [name, of] : seen)
    WARN(fmt::format("{}: {} findings, {} are shown, {} are of a plan as a whole", name, of.findings, of.shown,
                     of.without_run));
  WARN(fmt::format("{} programs, {} plans, {} of tests", programs, plans, tests));
  Finding kind;
  for (int i = 0; kind.claim = Claim(i), !name_of(kind).empty(); ++i) {
    bool none = kind.claim == Claim::WayBack || kind.claim == Claim::Commit;  // no program has one: docs/proofs.md
    INFO(name_of(kind));
    CHECK(seen.count(name_of(kind)) == (none ? 0 : 1));
  }
}

}  // namespace rollout::verify
