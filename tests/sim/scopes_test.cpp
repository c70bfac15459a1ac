// Scopes that go back on their own: what their rules lead to, through crashes at every point and in random worlds.
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

constexpr const char* shops = R"(
import std.backend.{local, haproxy, prometheus}
import std.capability.workload.{Workload}
import std.capability.traffic_router.{TrafficRouter}

record Shop { name: String  ports_from: Int }
let shops = [Shop("one", 8000), Shop("two", 8100), Shop("three", 8200)]

target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }

service shop at s in shops {
  workload = hosts {
    command    = ["bin/shop", "--port", "${port}"]
    ready      = http("/healthz")
    replicas   = 2
    ports_from = s.ports_from
  }
  router = edge { backend = "shop-${s.name}" }
  signal error_rate: Percent = prom.ratio("errors", of: "requests", by: "track")
}

gate calm(s: Service) {
  sample every 5s
  minimum 20 requests
  require s.canary.error_rate < 1%
}
gate well(s: Service) {
  sample every 5s
  require s.error_rate < 1%
}
strategy simple(s: Service with Workload + TrafficRouter) {
  s.deploy("shop:2")
  phase half { s.shift(50%)  hold 20s judged by calm(s) }
  s.shift(100%)
  s.promote()
}
)";

plan::Plan plan_of(const std::string& body) {
  std::string text = std::string(shops) + "rollout release {\n" + body + "\n}\n";
  auto load = [&](const std::string&) -> Result<std::string> { return text; };
  std::unique_ptr<Compilation> compiled = compile("shops.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return *plan;
}

plan::Plan continuing() {
  return plan_of("for s in shops in waves [1, rest] { simple(shop[s])  on failure continue at most 1 failure }");
}
plan::Plan stopping() {
  return plan_of("parallel { simple(shop[\"one\"]) simple(shop[\"two\"]) simple(shop[\"three\"]) on failure stop }");
}
plan::Plan unwinding() {
  return plan_of(
      "for s in shops in waves [rest] {\n"
      "  simple(shop[s])\n"
      "  rollback { within 1m  verify well(shop[s]) within 30s }\n"
      "  on failure rollback\n"
      "}\n"
      "rollback { within 5m }");
}
/// The inner scopes begin with a canary that has traffic, so they lead back to that and not to the start.
plan::Plan nested() {
  return plan_of(
      "for s in shops in waves [1, rest] {\n"
      "  shop[s].deploy(\"shop:2\")\n"
      "  shop[s].shift(5%)\n"
      "  for share in [20%, 60%] {\n"
      "    phase \"to ${share}\" {\n"
      "      shop[s].shift(share)\n"
      "      hold 20s judged by calm(shop[s])\n"
      "      rollback { within 1m }\n"
      "    }\n"
      "    on failure rollback\n"
      "  }\n"
      "  shop[s].shift(100%)\n"
      "  shop[s].promote()\n"
      "  rollback when shop[s].unhealthy > 25% held 10s\n"
      "  on failure continue at most 2 failures\n"
      "}");
}

/// The third shop needs the first one; what stands behind the loop comes after all of them.
plan::Plan dependent() {
  plan::Plan plan = plan_of(
      "for s in shops at most 2 at once { simple(shop[s])  on failure continue at most 2 failures }\n"
      "phase settle { hold 30s }");
  plan.scopes.at(2).needs = {0};
  return plan;
}

uint32_t errors_of(const plan::Plan& plan, std::string_view place) {
  for (uint32_t i = 0; i < plan.signals.size(); ++i)
    if (plan.signals[i].name == "error_rate" && plan.services[plan.signals[i].service].place == place) return i;
  return plan::none;
}

/// The canaries at these places fail.
Scenario failing(const plan::Plan& plan, const std::vector<std::string>& places) {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  for (const std::string& place : places)
    scenario.truths.push_back({errors_of(plan, place), plan::Role::Canary, {{0, 50'000'000}}});
  return scenario;
}

template <typename Event>
int count(const sim::SimResult& result) {
  int found = 0;
  for (const journal::Event& event : result.events) found += std::holds_alternative<Event>(event.what);
  return found;
}

std::string services(const sim::SimResult& result) {
  std::string out;
  for (const auto& service : result.services)
    out += !service ? '?' : *service == Outcome::Succeeded ? 'S' : 'R';
  return out;
}

}  // namespace

TEST_CASE("a scope that may fail goes back alone, and the run says that it stayed behind") {
  plan::Plan plan = continuing();
  sim::SimResult result = run(plan, failing(plan, {"two"}));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(services(result) == "SRS");
  CHECK(count<journal::RollbackStarted>(result) == 0);
  INFO(result.detail);
  CHECK(result.detail.starts_with("All is done but one part: shop[two] has gone back: gate `calm("));
}

TEST_CASE("the first that fails lets the next wave begin") {
  plan::Plan plan = continuing();
  CHECK(services(run(plan, failing(plan, {"one"}))) == "RSS");
}

TEST_CASE("what needs a part that has failed is skipped, and what stands behind it goes on") {
  plan::Plan plan = dependent();
  sim::SimResult result = run(plan, failing(plan, {"one"}));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(services(result) == "RS?");
  CHECK(std::any_of(result.events.begin(), result.events.end(), [&](const journal::Event& event) {
    const auto* done = std::get_if<journal::StepDone>(&event.what);
    return done != nullptr && plan.steps[done->step.step].phase == plan.phases.size() - 1;
  }));
  INFO(result.detail);
  CHECK(result.detail.starts_with("All is done but 2 parts: shop[one] has gone back: "));
  CHECK(result.detail.find("; not begun, since it needs what has failed: shop[three]. What") != std::string::npos);
  CHECK(services(run(plan, failing(plan, {"two"}))) == "SRS");
}

TEST_CASE("more failures than allowed take back everything") {
  plan::Plan plan = continuing();
  sim::SimResult result = run(plan, failing(plan, {"two", "three"}));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(services(result) == "RRR");
  CHECK(count<journal::ScopeEnded>(result) == 2);
  CHECK(count<journal::RollbackStarted>(result) == 1);
}

TEST_CASE("after a stop nothing new begins, and the others stay where they came to") {
  plan::Plan plan = stopping();
  Scenario scenario = failing(plan, {});
  scenario.faults = {fault(FaultKind::FailAction, "shift", -1)};
  scenario.faults[0].service = 1;
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(count<journal::Parked>(result) == 1);
  CHECK(count<journal::RunEnded>(result) == 0);
  INFO(result.detail);
  CHECK(result.detail.find("shop[two] has gone back") != std::string::npos);
  CHECK(result.detail.find("`rollout abort` takes back everything") != std::string::npos);
}

TEST_CASE("an abort takes back what a stop has left") {
  plan::Plan plan = stopping();
  Scenario scenario = failing(plan, {"two"});
  scenario.abort_at_ns = 10 * minute;
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(services(result) == "RRR");
}

TEST_CASE("a scope goes back and is checked before what is around it goes back") {
  plan::Plan plan = unwinding();
  sim::SimResult result = run(plan, failing(plan, {"three"}));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::ScopeVerifyStarted>(result) == 1);
  CHECK(count<journal::ScopeRollbackStarted>(result) == 1);
  CHECK(services(result) == "RRR");
}

TEST_CASE("a scope leads back to what was so at its entry") {
  plan::Plan plan = nested();
  REQUIRE(!plan.scopes.empty());
  bool own = false;
  for (const plan::Step& step : plan.steps)
    for (const plan::ScopeUndo& undo : step.scope_rollback) own |= undo.undo != step.rollback;
  CHECK(own);
  CHECK(services(run(plan, failing(plan, {"two"}))) == "SRS");
}

TEST_CASE("what cannot go back waits for a hand") {
  plan::Plan plan = continuing();
  Scenario scenario = failing(plan, {"two"});
  scenario.faults = {fault(FaultKind::FailAction, "retire", -1)};
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Parked);
  INFO(result.detail);
  CHECK(result.detail.find("shop[two] has not gone back") != std::string::npos);
  CHECK(result.detail.find("tries again what could not go back") != std::string::npos);
}

TEST_CASE("crash everywhere: scopes") {
  for (const plan::Plan& plan : {continuing(), stopping(), unwinding(), nested(), dependent()})
    for (Scenario scenario : {failing(plan, {}), failing(plan, {"two"}), failing(plan, {"one", "three"})}) {
      // Where something fails a crash decides how far the others came by then, so the effects need not be the same;
      // and a process that dies parked is resumed, and then the others go on.
      if (!scenario.truths.empty()) scenario.faults = {fault(FaultKind::FailAction, "", 0)};
      CrashReport report = crash_everywhere(plan, scenario);
      CrashReport twice = crash_while_recovering(plan, scenario, 3, 5);
      for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
      for (const std::string& failure : twice.failures) UNSCOPED_INFO(failure);
      CHECK(report.failures.empty());
      CHECK(twice.failures.empty());
    }
}

TEST_CASE("no seed breaks an invariant of scopes") {
  int ends[4] = {0, 0, 0, 0};
  int failures = 0;
  int64_t behind = 0, scopes = 0;
  for (const plan::Plan& plan : {continuing(), stopping(), unwinding(), nested(), dependent()}) {
    for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 10 && failures < 5; ++seed) {
      Scenario world = random_world(plan, uint64_t(seed), {4 * minute, 600});
      if (seed % 3 == 0) world.truths.push_back({errors_of(plan, "two"), plan::Role::Canary, {{0, 50'000'000}}});
      if (seed % 5 == 0) world.truths.push_back({errors_of(plan, "three"), plan::Role::Canary, {{0, 50'000'000}}});
      sim::SimResult result = sim::run_simulation(plan, world);
      for (const std::string& violation : sim::texts_of(result.violations))
        UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
      CHECK(result.violations.empty());
      failures += result.violations.empty() ? 0 : 1;
      ++ends[result.outcome ? size_t(*result.outcome) : 3];
      scopes += count<journal::ScopeEnded>(result);
      for (const journal::Event& event : result.events)
        if (const auto* e = std::get_if<journal::RunEnded>(&event.what)) behind += e->left_behind;
    }
  }
  WARN(fmt::format("{} succeeded, {} rolled back, {} parked ({} of them done but for scopes), {} scopes ended", ends[0],
                   ends[1], ends[2], behind, scopes));
}

}  // namespace rollout::sim_test
