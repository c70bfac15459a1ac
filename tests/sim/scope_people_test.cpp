// Scopes in which people are asked, told, and in which actions are taken back by themselves.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

using exec::Transition;
using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

constexpr const char* shops = R"(
import std.backend.{local, haproxy, prometheus, webhook}
import std.capability.workload.{Workload}
import std.capability.traffic_router.{TrafficRouter}

record Shop { name: String  ports_from: Int }
let shops = [Shop("one", 8000), Shop("two", 8100), Shop("three", 8200)]

target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
target oncall: webhook { url = "https://oncall.example/hooks"  token = secret("TOKEN") }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }

team sre { members = ["anna", "ben"]  notify = oncall }
team shopkeepers { members = ["carl"]  notify = oncall }
team managers { members = ["mia"]  notify = oncall }

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
  on fail { ask sre { timeout 30m  on timeout park } }
}
strategy simple(s: Service with Workload + TrafficRouter) {
  s.deploy("shop:2")
  phase half { s.shift(50%)  hold 20s judged by calm(s) }
  s.shift(100%)
  s.promote()
}
)";

constexpr const char* subjects = R"(
import std.backend.{flagd}

capability Migrator {
  binding migrator of database
  compensable action expand(d: Database, migration: String) { sets schema(d) = migration }
}
backend sql implements Migrator {
  action expand { within 1m  attempts 2  idempotent }
}
target db: sql {}
target flags: flagd { file = "flags.json" }
database orders { migrator = db }
database carts { migrator = db }
flag currency { store = flags { key = "currency" } }
flag rounding { store = flags { key = "rounding" } }

rollout release {
  orders.expand("V13")
  currency.ramp(5%)
  parallel {
    phase left {
      orders.expand("V14")
      currency.ramp(20%)
      orders.expand("V15")
      hold 1m
      currency.ramp(100%)
    }
    phase right {
      carts.expand("V2")
      hold 1m
      rounding.ramp(50%)
    }
    on failure continue at most 1 failure
  }
}
)";

plan::Plan plan_of(const std::string& text, const plan::Snapshot& snapshot = {}) {
  auto load = [&](const std::string&) -> Result<std::string> { return text; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  request.snapshot = snapshot;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  Result<plan::Plan> saved = plan::from_json(plan::to_json(*plan));
  REQUIRE(saved);
  return *saved;
}

plan::Plan shops_plan(const std::string& rule) {
  return plan_of(std::string(shops) +
                 "rollout release {\n"
                 "  notify sre\n"
                 "  rollback { notify managers }\n"
                 "  for s in shops in waves [1, rest] {\n"
                 "    simple(shop[s])\n"
                 "    rollback { notify shopkeepers }\n"
                 "    on failure " + rule + "\n"
                 "  }\n"
                 "}\n");
}

/// Of a database at V12 and a flag that is on for a fiftieth of the users.
plan::Plan subjects_plan() {
  plan::Snapshot snapshot;
  snapshot.offline = false;
  plan::ObservedService database, flag;
  database.service = "orders";
  database.state = eval::Value::of(eval::Value::Kind::String, std::string("V12"));
  flag.service = "currency";
  flag.state = eval::Value::of(eval::Value::Kind::Percent, 2 * eval::percent_one);
  snapshot.services = {database, flag};
  return plan_of(subjects, snapshot);
}

uint32_t errors_of(const plan::Plan& plan, std::string_view place) {
  for (uint32_t i = 0; i < plan.signals.size(); ++i)
    if (plan.signals[i].name == "error_rate" && plan.services[plan.signals[i].service].place == place) return i;
  return plan::none;
}

/// The canary at this place fails.
Scenario failing(const plan::Plan& plan, std::string_view place, std::vector<sim::Answer> answers) {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  scenario.truths = {{errors_of(plan, place), plan::Role::Canary, {{0, 50'000'000}}}};
  scenario.answers = std::move(answers);
  return scenario;
}

std::vector<Transition> told(const sim::SimResult& result, std::string_view team) {
  std::vector<Transition> out;
  for (const sim::Told& one : result.told)
    if (one.team == team) out.push_back(one.transition);
  return out;
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

/// The ramps of this flag fail, but for the first ones and on the way back.
Scenario no_ramp(uint32_t service, int skip) {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  scenario.faults = {fault(FaultKind::FailAction, "ramp", -1)};
  scenario.faults[0].service = service;
  scenario.faults[0].undo = false;
  scenario.faults[0].skip = skip;
  return scenario;
}

}  // namespace

TEST_CASE("what people refuse takes back its scope alone, and who hears of all or of the scope is told") {
  plan::Plan plan = shops_plan("continue at most 1 failure");
  sim::SimResult result = run(plan, failing(plan, "two", {{"ben", minute, true}}));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(services(result) == "SRS");
  CHECK(count<journal::RollbackStarted>(result) == 0);
  CHECK(told(result, "sre") == std::vector{Transition::Started, Transition::Waiting, Transition::ScopeRollingBack,
                                           Transition::ScopeRolledBack, Transition::Parked});
  CHECK(told(result, "shopkeepers") == std::vector{Transition::ScopeRollingBack, Transition::ScopeRolledBack});
  CHECK(told(result, "managers").empty());
}

TEST_CASE("what people let pass goes on in its scope") {
  plan::Plan plan = shops_plan("continue at most 1 failure");
  sim::SimResult result = run(plan, failing(plan, "two", {{"anna", minute}}));
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(services(result) == "SSS");
}

TEST_CASE("a rule that takes back everything is told to who hears of the rollback") {
  plan::Plan plan = shops_plan("rollback");
  sim::SimResult result = run(plan, failing(plan, "two", {{"ben", minute, true}}));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(told(result, "shopkeepers") == std::vector{Transition::ScopeRollingBack, Transition::ScopeRolledBack});
  CHECK(told(result, "managers") == std::vector{Transition::RollingBack, Transition::RolledBack});
}

TEST_CASE("a question that is open does not keep a run from parking") {
  plan::Plan plan = shops_plan("stop");
  Scenario scenario = failing(plan, "two", {});
  scenario.faults = {fault(FaultKind::FailAction, "promote", -1)};
  scenario.faults[0].service = 2;
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(count<journal::GateAsked>(result) == 1);
  CHECK(count<journal::Parked>(result) == 1);
  INFO(result.detail);
  CHECK(result.detail.find("shop[three] has gone back") != std::string::npos);
  CHECK(result.run_ns < 30 * minute);
  scenario.abort_at_ns = 60 * minute;
  CHECK(run(plan, scenario).outcome == Outcome::RolledBack);
}

TEST_CASE("flags and databases go back to the entry of their scope, what compensates the last one first") {
  plan::Plan plan = subjects_plan();
  sim::SimResult done = run(plan, {});
  CHECK(done.outcome == Outcome::Succeeded);
  // The first ramp stands in front of the scopes: everything goes back.
  CHECK(run(plan, no_ramp(1, 0)).outcome == Outcome::RolledBack);
  sim::SimResult result = run(plan, no_ramp(1, 2));
  std::vector<std::string> undone;
  for (const sim::LedgerEntry& entry : result.ledger)
    if (entry.undo) undone.push_back(entry.text);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(undone == std::vector<std::string>{"ramp currency to 5%", "undo expand orders \"V15\"",
                                           "undo expand orders \"V14\""});
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    if (plan.services[i].name == "orders") CHECK(result.states[i].text == "V13");
    if (plan.services[i].name == "carts") CHECK(result.states[i].text == "V2");
    if (plan.services[i].name == "currency") CHECK(result.states[i].number == 5 * eval::percent_one);
    if (plan.services[i].name == "rounding") CHECK(result.states[i].number == 50 * eval::percent_one);
  }
}

TEST_CASE("crash everywhere: people and subjects in scopes") {
  auto hold = [](const plan::Plan& plan, Scenario scenario) {
    // A crash decides how far the others came by then, so the effects need not be the same.
    scenario.faults.push_back(fault(FaultKind::FailAction, "", 0));
    CrashReport report = crash_everywhere(plan, scenario);
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
  };
  for (const char* rule : {"continue at most 1 failure", "stop", "rollback"}) {
    plan::Plan plan = shops_plan(rule);
    hold(plan, failing(plan, "two", {{"ben", 30 * second, true}}));
    hold(plan, failing(plan, "two", {}));
  }
  hold(subjects_plan(), no_ramp(3, 0));
}

TEST_CASE("no seed breaks an invariant of people and subjects in scopes") {
  int failures = 0;
  for (const plan::Plan& plan : {shops_plan("continue at most 1 failure"), shops_plan("stop"), subjects_plan()})
    for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 10 && failures < 5; ++seed) {
      Scenario world = random_world(plan, uint64_t(seed), {4 * minute, 600});
      bool shop = errors_of(plan, "two") != plan::none;
      if (shop && seed % 2 == 0)
        world.truths.push_back({errors_of(plan, "two"), plan::Role::Canary, {{0, 50'000'000}}});
      if (shop && seed % 3 != 0) world.answers.push_back({"anna", (seed % 7) * 10 * second, seed % 3 == 1});
      sim::SimResult result = sim::run_simulation(plan, world);
      for (const std::string& violation : sim::texts_of(result.violations))
        UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
      CHECK(result.violations.empty());
      failures += result.violations.empty() ? 0 : 1;
    }
}

}  // namespace rollout::sim_test
