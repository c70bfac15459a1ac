// Checkpoints, locks and budgets: what they lead to, through crashes at every point and in random worlds.
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

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;

namespace {

constexpr const char* shop = R"(
import std.backend.{local, haproxy, prometheus}

target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
lock front
lock load

service shop {
  workload = hosts {
    command    = ["bin/shop", "--port", "${port}"]
    ready      = http("/healthz")
    replicas   = 2
    ports_from = 8000
  }
  router = edge { backend = "shop" }
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
)";

plan::Plan plan_of(const std::string& body) {
  std::string text = std::string(shop) + "rollout release {\n" + body + "\n}\n";
  auto load = [&](const std::string&) -> Result<std::string> { return text; };
  std::unique_ptr<Compilation> compiled = compile("shop.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  // What the engine runs is always read from bytes, which are checked.
  Result<plan::Plan> read = plan::from_json(plan::to_json(*plan));
  REQUIRE(read);
  return *read;
}

plan::Plan parts() {
  return plan_of(
      "shop.deploy(\"shop:2\")\n"
      "phase few { shop.shift(5%)  hold 20s judged by calm(shop) }\n"
      "checkpoint \"a few have it\"\n"
      "phase half { shop.shift(50%)  hold 20s judged by calm(shop) }\n"
      "checkpoint \"half have it\"\n"
      "shop.shift(100%)\n"
      "shop.promote()\n"
      "rollback { within 3m  verify well(shop) within 30s }");
}
plan::Plan locked() {
  return plan_of(
      "lock front within 1m {\n"
      "  shop.deploy(\"shop:2\")\n"
      "  lock load { phase few { shop.shift(5%)  hold 20s judged by calm(shop) } }\n"
      "}\n"
      "phase half { shop.shift(50%)  hold 20s judged by calm(shop) }\n"
      "shop.shift(100%)\n"
      "shop.promote()");
}
plan::Plan both() {
  return plan_of(
      "shop.deploy(\"shop:2\")\n"
      "checkpoint \"it is there\"\n"
      "lock front within 1m { phase few { shop.shift(5%)  hold 20s judged by calm(shop) } }\n"
      "phase half { shop.shift(50%)  hold 20s judged by calm(shop) }\n"
      "shop.shift(100%)\n"
      "shop.promote()");
}
plan::Plan spending() {
  return plan_of(
      "budget exposure <= 30s\n"
      "shop.deploy(\"shop:2\")\n"
      "phase few { shop.shift(50%)  hold 10m judged by calm(shop) }\n"
      "phase blind { shop.shift(60%)  hold 10m }\n"
      "shop.shift(100%)\n"
      "shop.promote()");
}

Scenario errors_from(double percent_value, int64_t from_ns, int64_t until_ns = INT64_MAX) {
  Scenario scenario;
  scenario.settle_ns = second;
  scenario.truths = {errors(plan::Role::Canary, percent_value, from_ns)};
  if (until_ns != INT64_MAX) scenario.truths[0].changes.push_back({until_ns, 0});
  return scenario;
}

/// Each try of the promotion fails so often.
Scenario failing_promote(int times) {
  Scenario scenario;
  scenario.settle_ns = second;
  scenario.faults = {fault(FaultKind::FailAction, "promote", times)};
  return scenario;
}

template <typename Event>
int count(const sim::SimResult& result) {
  int found = 0;
  for (const journal::Event& event : result.events) found += std::holds_alternative<Event>(event.what);
  return found;
}

void check(const CrashReport& report) {
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
}

}  // namespace

TEST_CASE("what fails behind a checkpoint goes back to it and waits for a person") {
  sim::SimResult result = run(parts(), errors_from(10, 40 * second));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(count<journal::RunEnded>(result) == 0);
  CHECK(count<journal::RollbackStarted>(result) == 0);
  CHECK(result.states.size() == 1);
  INFO(result.detail);
  CHECK(result.detail.starts_with("what stands behind checkpoint \"a few have it\" has gone back: gate `calm(shop)`"));
  CHECK(result.detail.find("`rollout apply --resume` tries what stands behind it again, `rollout abort` takes back "
                           "everything, to the start of the run.") != std::string::npos);
}

TEST_CASE("resumed, a run tries again what stands behind its checkpoint, and forgets what it saw there") {
  Scenario scenario = errors_from(10, 40 * second, 5 * minute);
  scenario.resume_at_ns = {10 * minute};
  sim::SimResult result = run(parts(), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(count<journal::ScopeRollbackStarted>(result) == 1);
  // What is wrong still is found again, from the beginning.
  scenario.truths[0].changes.pop_back();
  result = run(parts(), scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(count<journal::ScopeRollbackStarted>(result) == 2);
}

TEST_CASE("in front of the first checkpoint everything goes back at once") {
  sim::SimResult result = run(parts(), errors_from(20, 0));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::ScopeRollbackStarted>(result) == 0);
}

TEST_CASE("an abort takes back everything across all checkpoints, parked or not") {
  Scenario parked = failing_promote(-1);
  parked.abort_at_ns = 20 * minute;
  sim::SimResult result = run(parts(), parked);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::ScopeRollbackStarted>(result) == 1);
  Scenario going;
  going.abort_at_ns = 30 * second;
  CHECK(run(parts(), going).outcome == Outcome::RolledBack);
}

TEST_CASE("what cannot go back to the checkpoint is tried again after a resume") {
  Scenario scenario = failing_promote(3);
  scenario.faults.push_back(fault(FaultKind::FailAction, "shift", -1));
  scenario.faults[1].undo = true;
  scenario.faults[1].until_ns = 20 * minute;
  sim::SimResult result = run(parts(), scenario);
  CHECK(result.outcome == Outcome::Parked);
  CHECK(result.detail.find("has not gone back") != std::string::npos);
  scenario.resume_at_ns = {30 * minute, 60 * minute};
  CHECK(run(parts(), scenario).outcome == Outcome::Succeeded);
}

TEST_CASE("a saved plan whose checkpoint leads nowhere is refused") {
  plan::Plan plan = parts();
  REQUIRE(plan.scopes.size() == 2);
  plan::Plan cut = plan;
  cut.scopes[0].last_step -= 1;
  CHECK(!plan::from_json(plan::to_json(cut)));
  plan::Plan lost = plan;
  for (plan::Step& step : lost.steps) step.scope_rollback.clear();
  CHECK(!plan::from_json(plan::to_json(lost)));
}

TEST_CASE("crash everywhere: checkpoints") {
  Scenario again = failing_promote(3);
  again.resume_at_ns = {20 * minute, 40 * minute};
  Scenario aborted = failing_promote(-1);
  aborted.abort_at_ns = 20 * minute;
  for (const Scenario& scenario : {Scenario{}, failing_promote(-1), again, aborted}) {
    check(crash_everywhere(parts(), scenario));
    check(crash_while_recovering(parts(), scenario, 3, 7));
  }
}

TEST_CASE("a lock that another run holds is waited for") {
  Scenario scenario;
  scenario.locks = {{"front", 0, 30 * second}};
  sim::SimResult result = run(locked(), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(result.run_ns >= 30 * second);
  CHECK(count<journal::LockTaken>(result) == 2);
  CHECK(count<journal::LockReleased>(result) == 2);
}

TEST_CASE("a lock that is not free in time fails its step, and says who holds it") {
  Scenario scenario;
  scenario.locks = {{"load", 0, 60 * minute}};
  sim::SimResult result = run(locked(), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  INFO(result.cause);
  CHECK(result.cause.find("lock `load` was not free within 10m: run r99 holds it") != std::string::npos);
  CHECK(result.run_ns >= 10 * minute);
  CHECK(result.run_ns < 12 * minute);  // with what came before, and the way back
}

TEST_CASE("a rollback of what a lock guards takes the lock again") {
  sim::SimResult result = run(locked(), errors_from(10, 40 * second));
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::LockTaken>(result) == 4);
  CHECK(count<journal::LockReleased>(result) == 4);
}

TEST_CASE("a rollback that does not get its lock is parked, and says for whom it waited") {
  Scenario scenario = errors_from(10, 40 * second);
  scenario.locks = {{"front", 35 * second, 60 * minute}};
  sim::SimResult result = run(locked(), scenario);
  CHECK(result.outcome == Outcome::Parked);
  INFO(result.detail);
  CHECK(result.detail.find("lock `front` was not free within 1m: run r99 holds it") != std::string::npos);
  CHECK(result.locks_left == 0);
}

TEST_CASE("crash everywhere: locks") {
  Scenario waits;
  waits.locks = {{"front", 0, 30 * second}};
  Scenario late = failing_promote(-1);
  late.locks = {{"front", 50 * second, 80 * second}};
  Scenario again = failing_promote(3);
  again.resume_at_ns = {20 * minute, 40 * minute};
  for (const plan::Plan& plan : {locked(), both()})
    for (const Scenario& scenario : {Scenario{}, waits, late, failing_promote(-1)}) {
      check(crash_everywhere(plan, scenario));
      check(crash_while_recovering(plan, scenario, 3, 7));
    }
  // An attempt that a crash cuts short has used up a fault: only where a person tries again the end is the same.
  check(crash_everywhere(both(), again));
  check(crash_while_recovering(both(), again, 3, 7));
}

TEST_CASE("the budget counts time in which nothing looks, and no other") {
  sim::SimResult result = run(spending(), {});
  CHECK(result.outcome == Outcome::RolledBack);
  INFO(result.cause);
  CHECK(result.cause.starts_with("users were on the new version of shop for 30s1ns of full traffic since"));
  // Ten minutes at 50% with a gate cost nothing; then 30 s at 60% last 50 s.
  CHECK(result.run_ns > 10 * minute + 50 * second);
  CHECK(result.run_ns < 11 * minute);
}

TEST_CASE("the budget adds up what users meet between one record of a hold and the next") {
  sim::SimResult result = run(
      plan_of("budget exposure <= 30s\n"
              "shop.deploy(\"shop:2\")\n"
              "phase blind { shop.shift(10%)  hold 20m }\n"
              "shop.shift(100%)\n"
              "shop.promote()"),
      {});
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(count<journal::Sampled>(result) > 1);
  // 30 s at 10% last 300 s.
  CHECK(result.run_ns > 5 * minute);
  CHECK(result.run_ns < 6 * minute);
}

TEST_CASE("the budget counts the time without a driver") {
  Scenario scenario;
  scenario.interrupt_at_ns = 2 * minute;
  scenario.downtime_ns = 3 * minute;
  sim::SimResult result = run(spending(), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.run_ns < 6 * minute);
  check(crash_everywhere(spending(), {}, 5));
}

TEST_CASE("no seed breaks an invariant of checkpoints, locks and budgets") {
  int ends[4] = {0, 0, 0, 0};
  int failures = 0;
  int64_t anew = 0, taken = 0;
  for (const plan::Plan& plan : {parts(), locked(), both(), spending()})
    for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 5 && failures < 5; ++seed) {
      Scenario world = random_world(plan, uint64_t(seed), {4 * minute, 400});
      for (int64_t at = 10; at < 70; at += 5 + seed % 17) world.resume_at_ns.push_back(at * minute);
      if (seed % 3 == 0) world.locks = {{"front", seed % 90 * second, (seed % 90 + seed % 120) * second}};
      if (seed % 4 == 0) world.locks.push_back({"load", seed % 50 * second, seed % 700 * second});
      sim::SimResult result = sim::run_simulation(plan, world);
      for (const std::string& violation : sim::texts_of(result.violations))
        UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
      CHECK(result.violations.empty());
      failures += result.violations.empty() ? 0 : 1;
      ++ends[result.outcome ? size_t(*result.outcome) : 3];
      anew += count<journal::ScopeEnded>(result);
      taken += count<journal::LockTaken>(result);
    }
  WARN(fmt::format("{} succeeded, {} rolled back, {} parked; {} times back to a checkpoint, {} locks taken", ends[0],
                   ends[1], ends[2], anew, taken));
}

}  // namespace rollout::sim_test
