// Hosts that cannot be reached: they count as failed, and what was never called is not taken back.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/reach.h"
#include "compiler/verify/totality.h"
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

plan::Plan plan_of(const plan::Snapshot& snapshot = {}, const std::string& source = text) {
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("fleet.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  request.snapshot = snapshot;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return *plan;
}

/// All hosts run `edge:1`; those could not be reached when they were looked at.
plan::Snapshot seen_without(const std::vector<std::string>& hosts) {
  plan::Snapshot snapshot;
  snapshot.offline = false;
  for (const char* host : {"a", "b", "c", "d"}) {
    plan::ObservedService service;
    service.service = fmt::format("edge[{}]", host);
    if (std::find(hosts.begin(), hosts.end(), host) != hosts.end()) service.unreached = "no route to host";
    else service.stable = eval::Value::of(eval::Value::Kind::Image, "edge:1");
    service.state = eval::Value::boolean(false);
    service.source = "target machines";
    snapshot.services.push_back(service);
  }
  return snapshot;
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

TEST_CASE("a host that was not reached for the plan counts as failed, and is not called though it is back") {
  plan::Plan plan = plan_of(seen_without({"b"}));
  CHECK(plan::lost_before_begun(plan).empty());
  uint32_t lost = 0;
  for (const plan::Service& service : plan.services) lost += service.unreached == "no route to host";
  CHECK(lost == 1);
  // What was there is not known: nothing leads back to it, and the proofs ask for nothing.
  for (const plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::Act && !plan.services[step.action.service].unreached.empty())
      CHECK((step.rollback.empty() && step.scope_rollback.empty()));
  std::vector<verify::Finding> findings;
  verify::prove_totality(plan, findings);
  CHECK(findings.empty());
  // A saved plan says the same.
  Result<plan::Plan> read = plan::from_json(plan::to_json(plan));
  REQUIRE(read);
  CHECK(plan::to_json(*read) == plan::to_json(plan));
  sim::SimResult result = run(*read, without(plan, {}));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(result.detail.starts_with("All is done but one part: edge[b] has gone back"));
  CHECK(result.detail.find("it was not reached when the plan was made: no route to host") != std::string::npos);
  CHECK(undos(result) == 0);
  CHECK(result.ledger.size() == 3);
  for (const sim::LedgerEntry& entry : result.ledger)
    CHECK(plan.services[plan.steps[entry.step].action.service].unreached.empty());
}

TEST_CASE("a host that is lost on the way counts beside one that was lost before") {
  plan::Plan plan = plan_of(seen_without({"b"}));
  sim::SimResult result = run(plan, without(plan, {"c"}));
  CHECK(result.outcome == Outcome::RolledBack);
}

TEST_CASE("more hosts that were not reached than may fail: there is no point in beginning") {
  CHECK(plan::lost_before_begun(plan_of(seen_without({}))).empty());
  CHECK(plan::lost_before_begun(plan_of(seen_without({"b", "c"}))) ==
        "edge[b] and edge[c] were not reached (no route to host), more than the 1 that may fail; bring them back, or "
        "leave them out");
  CHECK(plan::lost_before_begun(plan_of(seen_without({"a", "b", "c", "d"}))).starts_with(
      "edge[a], edge[b], edge[c] and edge[d] were not reached"));
  std::string strict = text;
  strict.erase(strict.find("on failure"), std::string("on failure continue at most 1 failure").size());
  CHECK(plan::lost_before_begun(plan_of(seen_without({"d"}), strict)) ==
        "edge[d] was not reached (no route to host), and this rollout does not go on without it; bring it back, or "
        "leave it out");
  std::string stops = text;
  stops.replace(stops.find("continue at most 1 failure"), std::string("continue at most 1 failure").size(), "stop");
  CHECK(plan::lost_before_begun(plan_of(seen_without({"d"}), stops)).empty());
}

TEST_CASE("runs without hosts that were not reached for the plan survive a crash at every point") {
  plan::Plan plan = plan_of(seen_without({"b"}));
  CrashReport report = crash_everywhere(plan, without(plan, {}), 1, true);
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
  CHECK(report.points > 0);
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
