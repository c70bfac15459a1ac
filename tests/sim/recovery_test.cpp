// A recovery under crashes and faults: at no moment is every place closed, and what the standby lacks decides before
// anything is changed.
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "tests/sim/crash.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

constexpr const char* program = R"(
import std.backend.{haproxy_entrance, prometheus}
import std.gate.outage.{outage}
import std.strategy.phoenix.{phoenix, Tier}

let sites = ["main", "spare"]
target front: haproxy_entrance { socket = "front.sock"  directory = "front" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }

service shop at site in sites {
  signal error_rate: Percent       = prom.ratio("failed", of: "asked", by: "track")
  signal replication_lag: Duration = prom.seconds("lag_seconds", by: "track")
}
flag open at site in sites { entrance = front { backend = "shop"  server = site } }

gate well(s: Service) {
  sample every 5s
  reject when s.error_rate > 1% over 2 samples
}
rollout recover {
  phoenix(
    lost: shop["main"], lost_entrance: open["main"], standby: shop["spare"], standby_entrance: open["spare"],
    tier: Tier.critical, noticed: 30s, confirm: 15s, gone: outage, settle: 30s, validate: well
  )
}
)";

/// Everything goes to `main`.
plan::Plan planned() {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(program); };
  std::unique_ptr<Compilation> compiled = compile("recover.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  request.snapshot.offline = false;
  for (auto [name, share] : {std::pair("open[main]", eval::percent_all), {"open[spare]", int64_t{0}}}) {
    plan::ObservedService seen;
    seen.service = name;
    seen.state = eval::Value::of(eval::Value::Kind::Percent, share);
    seen.source = "target front";
    request.snapshot.services.push_back(seen);
  }
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

uint32_t signal_of(const plan::Plan& plan, std::string_view service, std::string_view name) {
  for (uint32_t i = 0; i < plan.signals.size(); ++i)
    if (plan.signals[i].name == name && plan::service_text(plan.services[plan.signals[i].service]) == service) return i;
  REQUIRE(false);
  return plan::none;
}

/// How often all places were closed, by what was done, in that order.
int closed_moments(const plan::Plan& plan, const SimResult& result) {
  std::map<uint32_t, int64_t> open;
  for (uint32_t i = 0; i < plan.services.size(); ++i)
    if (plan::service_text(plan.services[i]) == "open[main]") open[i] = eval::percent_all;
  int closed = 0;
  for (const sim::LedgerEntry& entry : result.ledger) {
    const plan::Action& action = entry.undo ? plan.undo.at(entry.step) : plan.steps.at(entry.step).action;
    open[action.service] = action.sets.at(0).value.number;
    int64_t all = 0;
    for (auto [place, share] : open) all += share;
    closed += all == 0;
  }
  return closed;
}

struct World {
  std::string name;
  Scenario scenario;
  Outcome outcome;
};

std::vector<World> worlds(const plan::Plan& plan) {
  Scenario good;
  good.settle_ns = 2 * second;
  Scenario bad_standby = good, stuck = good, stuck_back = good;
  bad_standby.truths = {{signal_of(plan, "shop[spare]", "error_rate"), plan::Role::All, {{0, 4e8}}}};
  sim::Fault fault;
  fault.times = -1;
  fault.action = "admit";
  fault.undo = false;
  fault.skip = 1;
  stuck.faults = {fault};
  stuck_back = bad_standby;
  stuck_back.faults = {fault};
  stuck_back.faults[0].kind = FaultKind::LoseReply;
  return {{"good", good, Outcome::Succeeded},
          {"the standby fails, too", bad_standby, Outcome::RolledBack},
          {"the lost place cannot be closed", stuck, Outcome::RolledBack},
          {"no answer comes back", stuck_back, Outcome::RolledBack}};
}

}  // namespace

TEST_CASE("a recovery never closes all places, wherever it dies") {
  plan::Plan plan = planned();
  for (const World& world : worlds(plan)) {
    INFO(world.name);
    SimResult quiet = sim::run_simulation(plan, world.scenario);
    INFO(quiet.cause);
    CHECK(quiet.outcome == world.outcome);
    for (int64_t at = 0; at < quiet.operations; ++at) {
      Scenario scenario = world.scenario;
      scenario.crash_at = {at};
      SimResult result = sim::run_simulation(plan, scenario);
      INFO("crash at operation " << at);
      CHECK(result.violations.empty());
      CHECK(closed_moments(plan, result) == 0);
    }
  }
}

TEST_CASE("a standby that is behind is found before anything is changed") {
  plan::Plan plan = planned();
  Scenario scenario;
  scenario.truths = {{signal_of(plan, "shop[spare]", "replication_lag"), plan::Role::All, {{0, 61e9}}}};
  SimResult result = sim::run_simulation(plan, scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.ledger.empty());
  scenario.truths[0].changes[0].value = 60e9;
  CHECK(sim::run_simulation(plan, scenario).outcome == Outcome::Succeeded);
}

}  // namespace rollout::sim_test
