// Hosts that cannot be reached: they count as failed, and what was never called is not taken back.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

constexpr const char* text = R"(
import std.backend.{ssh}

let hosts = ["a", "b", "c", "d"]
target machines: ssh { user = "deploy"  identity = "run/key"  known_hosts = "run/known_hosts" }
service edge at h in hosts { fleet = machines { host = "${h}.internal" } }
rollout release {
  for h in hosts in batches of 2 {
    edge[h].replace("edge:2")
    hold 10s
    on failure continue at most 1 failure
  }
  rollback { within 5m }
}
)";

plan::Plan plan_of() {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(text); };
  std::unique_ptr<Compilation> compiled = compile("fleet.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return *plan;
}

Scenario without(const plan::Plan& plan, const std::vector<std::string>& hosts, int64_t from_ns = 0) {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    if (std::find(hosts.begin(), hosts.end(), plan.services[i].place) == hosts.end()) continue;
    sim::Fault fault;
    fault.kind = FaultKind::ObserveError;
    fault.service = i;
    fault.times = -1;
    fault.from_ns = from_ns;
    scenario.faults.push_back(fault);
  }
  return scenario;
}

int undos(const sim::SimResult& result) {
  int found = 0;
  for (const journal::Event& event : result.events)
    if (const auto* started = std::get_if<journal::StepStarted>(&event.what)) found += started->step.undo;
  return found;
}

}  // namespace

TEST_CASE("a host that cannot be reached has failed, and nothing is taken back there") {
  plan::Plan plan = plan_of();
  sim::SimResult result = run(plan, without(plan, {"b"}));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(result.detail.starts_with("All is done but one part: edge[b] has gone back"));
  CHECK(undos(result) == 0);
  CHECK(result.ledger.size() == 3);
}

TEST_CASE("one host more than may fail takes everything back, without those that were never reached") {
  plan::Plan plan = plan_of();
  sim::SimResult result = run(plan, without(plan, {"b", "c"}));
  CHECK(result.outcome == Outcome::RolledBack);
  std::set<uint32_t> taken_back;
  for (const sim::LedgerEntry& entry : result.ledger)
    if (entry.undo) taken_back.insert(plan.undo[entry.step].service);
  std::set<uint32_t> reached;
  for (const sim::LedgerEntry& entry : result.ledger)
    if (!entry.undo) reached.insert(plan.steps[entry.step].action.service);
  CHECK(taken_back == reached);
}

TEST_CASE("a host that is lost behind the call is looked for until it is known") {
  plan::Plan plan = plan_of();
  // The change is set going at once, and then nobody can see what came of it.
  sim::SimResult result = run(plan, without(plan, {"a"}, second));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(undos(result) > 0);
}

TEST_CASE("runs on hosts that cannot be reached survive a crash at every point") {
  plan::Plan plan = plan_of();
  for (const std::vector<std::string>& hosts : {std::vector<std::string>{"b"}, {"b", "c"}}) {
    CrashReport report = crash_everywhere(plan, without(plan, hosts), 1, true);
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
    CHECK(report.points > 0);
  }
}

}  // namespace rollout::sim_test
