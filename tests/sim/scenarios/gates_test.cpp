// Section D of docs/failures.md: gates and what they are told.
#include <cmath>
#include <limits>

#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using journal::Verdict;
using plan::Role;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

Scenario with(sim::Fault one) {
  Scenario scenario;
  scenario.faults = {std::move(one)};
  return scenario;
}

int64_t passes(const SimResult& result) {
  int64_t count = 0;
  for (const journal::GateDecided& decided : all<journal::GateDecided>(result))
    count += decided.verdict == Verdict::Pass;
  return count;
}

int64_t shifts(const SimResult& result) {
  int64_t count = 0;
  for (const sim::LedgerEntry& entry : result.ledger) count += entry.text.starts_with("shift");
  return count;
}

constexpr const char* hooked = R"(
import std.backend.{flagd, haproxy, local, prometheus}
target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
target flags: flagd { file = "run/flags.json" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
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
  before phase { banner.ramp(10%) }
  after phase { hold 15s judged by calm(shop) }
  shop.deploy("shop:2")
  phase full { shop.shift(100%) }
  shop.promote()
}
)";

}  // namespace

TEST_CASE("RF-31 the metrics source is down, for good or for a while") {
  SimResult down = play(canary_plan(minute, false), with(fault(FaultKind::MetricsError, "", -1)), Outcome::RolledBack);
  CHECK(passes(down) == 0);
  CHECK(all<journal::RollbackStarted>(down).at(0).cause == journal::Cause::NoEvidence);
  CHECK(down.run_ns == 90 * second);  // the hold and the grace that the plan declares
  Scenario a_while = with(fault(FaultKind::MetricsError, "", -1));
  a_while.faults[0].until_ns = 20 * second;
  CHECK(passes(play(canary_plan(), a_while, Outcome::Succeeded)) == 2);
}

TEST_CASE("RF-32 the metrics source has nothing, or too little") {
  SimResult empty = play(canary_plan(minute, false), with(fault(FaultKind::MetricsEmpty, "", -1)), Outcome::RolledBack);
  CHECK(passes(empty) == 0);
  for (int64_t rate_uhz : {int64_t{1}, int64_t{1'000'000}}) {
    Scenario quiet;
    quiet.loads = {{0, {{0, double(rate_uhz)}}}};
    SimResult result = play(canary_plan(minute, false), quiet, Outcome::RolledBack);
    CHECK(passes(result) == 0);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::NoEvidence);
  }
}

TEST_CASE("RF-33 a source says what is no number") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (double value : {std::nan(""), inf, -inf}) {
    INFO(value);
    Scenario scenario;
    scenario.truths = {{latency, Role::Canary, {{0, value}}}};
    SimResult result = play(canary_plan(minute, false), scenario, Outcome::RolledBack);
    CHECK(passes(result) == 0);
    CHECK(all<journal::RollbackStarted>(result).at(0).cause == journal::Cause::NoEvidence);
  }
}

TEST_CASE("RF-35 a gate is cut short, or never sees a sample end well") {
  for (int64_t at : {second, 20 * second, 55 * second}) {
    Scenario killed, interrupted, aborted;
    killed.crash_at_ns = {at};
    interrupted.interrupt_at_ns = at;
    aborted.abort_at_ns = at;
    for (const Scenario* scenario : {&killed, &interrupted}) {
      SimResult result = play(canary_plan(), *scenario, Outcome::Succeeded);
      for (const journal::Event& event : events_of<journal::GateDecided>(result)) CHECK(event.run_ns >= minute);
    }
    CHECK(passes(play(canary_plan(minute, false), aborted, Outcome::RolledBack)) == 0);
  }
  Scenario late = with(fault(FaultKind::MetricsError, "", -1));  // all but the first ones fail
  late.faults[0].from_ns = 12 * second;
  CHECK(passes(play(canary_plan(minute, false), late, Outcome::RolledBack)) == 0);
}

TEST_CASE("RF-36 a metric that its source does not know") {
  // What the compiler can know is refused there; here a name that only the source knows is none of its names.
  Scenario unknown;
  unknown.truths = {{latency, Role::All, {{0, 0, true}}}};
  SimResult result = play(canary_plan(minute, false), unknown, Outcome::RolledBack);
  CHECK(passes(result) == 0);
  const auto started = all<journal::RollbackStarted>(result).at(0);
  CHECK(started.cause == journal::Cause::NoEvidence);
  CHECK(started.detail.find("no data") != std::string::npos);
}

TEST_CASE("RF-37 a gate is breached while the run waits for people") {
  Scenario waits;
  waits.truths = {{latency, Role::Canary, {{0, 1e8}, {3 * minute, 9e8}}}};
  SimResult approval = play(approval_plan(plan::Unapproved::Park), waits, Outcome::RolledBack);
  CHECK(all<journal::RollbackStarted>(approval).at(0).cause == journal::Cause::Watch);
  CHECK(approval.run_ns < 4 * minute + 30 * second);  // a sample, the 15 s that the watch wants, and the way back
  Scenario paused = waits;
  paused.hands = {{30 * second, journal::Ask::Pause}};
  CHECK(play(canary_plan(), paused, Outcome::RolledBack).run_ns < 4 * minute + 30 * second);
}

TEST_CASE("RF-38 a signal flaps around its threshold") {
  Scenario scenario;
  sim::Truth flapping{latency, Role::Canary, {}};
  for (int i = 0; i < 60; ++i) flapping.changes.push_back({i * 5 * second, i % 2 == 0 ? 9e8 : 1e8});
  scenario.truths = {flapping};
  // The watch wants 15 s of it, the gate three samples in a row: neither sees them, and traffic moves twice, forward.
  SimResult result = play(canary_plan(), scenario, *sim::run_simulation(canary_plan(), scenario).outcome);
  CHECK(shifts(result) <= 4);
  CHECK(all<journal::WatchFired>(result).empty());
  CHECK(all<journal::RollbackStarted>(result).size() <= 1);
}

TEST_CASE("RF-39 the source goes on saying what it said before") {
  // Counters stand still from the middle of the hold on: each look succeeds, and nothing in it is new.
  Scenario scenario;
  scenario.loads = {{0, {{0, 2e8}, {20 * second, 0}}}};
  SimResult result = play(canary_plan(minute, false), scenario, Outcome::RolledBack);
  CHECK(passes(result) == 0);
  Scenario lost;
  lost.truths = {{latency, Role::Canary, {{0, 1e8}, {20 * second, 0, true}}}};
  CHECK(passes(play(canary_plan(minute, false), lost, Outcome::RolledBack)) == 0);
}

TEST_CASE("RF-40 hooks and holds when their process begins anew again and again") {
  plan::Plan plan = compiled(hooked);
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  SimResult quiet = play(plan, scenario, Outcome::Succeeded);
  std::vector<int64_t> points;
  for (int64_t at = 0; at < quiet.operations; ++at) points.push_back(at);
  for (const SimResult& result : die_at(plan, scenario, points)) {
    int ramps = 0;
    for (const sim::LedgerEntry& entry : result.ledger) ramps += entry.text.find("banner") != std::string::npos;
    CHECK(ramps == 1);
    CHECK(all<journal::Sampled>(result).size() <= all<journal::Sampled>(quiet).size() + 3);
  }
}

}  // namespace rollout::sim_test
