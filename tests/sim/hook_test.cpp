// Hooks: what is done around phases and beside the way back, through crashes at every point and in random worlds.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

constexpr const char* text = R"(
import std.backend.{flagd, haproxy, local, prometheus, webhook}

target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
target flags: flagd { file = "run/flags.json" }
target oncall: webhook { url = "https://oncall.example/hook"  token = secret("TOKEN") }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
team sre { members = ["anna"]  notify = oncall }
flag notice { store = flags { key = "notice" } }
flag banner { store = flags { key = "banner" } }
service shop {
  workload = hosts { command = ["bin/shop"]  ready = http("/healthz")  replicas = 2  ports_from = 8100 }
  router   = edge { backend = "shop" }
  signal error_rate: Percent = prom.ratio("errors", of: "requests", by: "track")
}
gate calm(s: Service) {
  sample every 5s
  require s.error_rate < 1%
}
rollout release {
  before phase { notify sre "begins" }
  after phase { hold 15s judged by calm(shop) }
  on rollback {
    banner.ramp(50%)
    notify sre "back"
  }
  on abort { notice.ramp(100%) }
  shop.deploy("shop:2")
  phase half { shop.shift(50%) }
  phase full { shop.shift(100%) }
  shop.promote()
  rollback { within 1m  verify calm(shop) within 30s }
}
)";

plan::Plan plan_of() {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(text); };
  std::unique_ptr<Compilation> compiled = compile("shop.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return *plan;
}

Scenario world() {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  return scenario;
}

/// When the undo actions were done, in the order of the journal.
std::vector<std::string> undone(const plan::Plan& plan, const sim::SimResult& result) {
  std::vector<std::string> texts;
  for (const journal::Event& event : result.events)
    if (const auto* done = std::get_if<journal::StepDone>(&event.what); done != nullptr && done->step.undo)
      texts.push_back(plan.undo[done->step.step].text);
  return texts;
}

}  // namespace

TEST_CASE("hooks around phases are steps of each phase") {
  plan::Plan plan = plan_of();
  std::vector<std::string> in_half;
  for (const plan::Step& step : plan.steps)
    if (step.phase == 0) in_half.push_back(step.text);
  CHECK(in_half == std::vector<std::string>{"notify sre \"begins\"", "shift shop to 50%",
                                            "hold 15s judged by calm(shop)"});
  CHECK(plan.hooks.size() == 2);
  CHECK(run(plan, world()).outcome == Outcome::Succeeded);
}

TEST_CASE("hooks of the way back come behind it, and those of an abort only with one") {
  plan::Plan plan = plan_of();
  Scenario aborted = world();
  aborted.abort_at_ns = 8 * second;
  sim::SimResult result = run(plan, aborted);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(undone(plan, result) == std::vector<std::string>{"shift shop to 0%", "retire shop", "ramp banner to 50%",
                                                         "ramp notice to 100%"});
  Scenario failing = world();
  failing.truths.push_back({signal_named(plan, "error_rate"), plan::Role::Canary, {{0, 50'000'000}}});
  result = run(plan, failing);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(undone(plan, result) == std::vector<std::string>{"shift shop to 0%", "retire shop", "ramp banner to 50%"});
}

TEST_CASE("a hook that fails, or a way back that is stuck, does not keep the other from its end") {
  plan::Plan plan = plan_of();
  Scenario scenario = world();
  scenario.abort_at_ns = 8 * second;
  sim::Fault fault;
  fault.action = "ramp";
  fault.times = -1;
  scenario.faults.push_back(fault);
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.detail.find("; beside the way back `ramp banner to 50%` failed: ") != std::string::npos);
  scenario.faults[0].action = "retire";
  result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(undone(plan, result) ==
        std::vector<std::string>{"shift shop to 0%", "ramp banner to 50%", "ramp notice to 100%"});
}

TEST_CASE("hooks survive a crash at every point") {
  plan::Plan plan = plan_of();
  Scenario aborted = world(), failing = world();
  aborted.abort_at_ns = 8 * second;
  failing.truths.push_back({signal_named(plan, "error_rate"), plan::Role::All, {{0, 5e7}}});
  for (const CrashReport& report : {crash_everywhere(plan, aborted, 1, true), crash_everywhere(plan, failing),
                                    crash_while_recovering(plan, failing, 3)}) {
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
    CHECK(report.points > 0);
  }
}

TEST_CASE("no seed breaks an invariant of hooks") {
  plan::Plan plan = plan_of();
  sim::SimResult quiet = sim::run_simulation(plan, world());
  for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 10; ++seed) {
    sim::SimResult result =
        sim::run_simulation(plan, random_world(plan, uint64_t(seed), {quiet.run_ns, quiet.operations}));
    for (const std::string& violation : sim::texts_of(result.violations))
      UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
    REQUIRE(result.violations.empty());
  }
}

}  // namespace rollout::sim_test
