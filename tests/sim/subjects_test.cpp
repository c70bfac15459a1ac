// Flags and databases under crashes and faults: a flag goes back to the share it had, a migration is taken back by
// itself, and the last one first.
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

constexpr const char* program = R"(
import std.backend.{flagd}

capability Migrator {
  binding migrator of database
  compensable action expand(d: Database, migration: String) { sets schema(d) = migration }
  irreversible action contract(d: Database, migration: String) { sets schema(d) = migration }
}
backend sql implements Migrator {
  action expand   { within 1m  attempts 2  idempotent }
  action contract { within 1m  attempts 2  idempotent }
}
target db: sql {}
target flags: flagd { file = "flags.json" }
database orders { migrator = db }
flag currency { store = flags { key = "currency" } }
team sre { members = ["anna"] }

rollout release {
  orders.expand("V13")
  orders.expand("V14")
  phase few { currency.ramp(10%)  hold 1m }
  phase all { currency.ramp(100%)  hold 1m }
  approve by sre { timeout 1h  on timeout rollback }
  commit "the new column is used"
  orders.contract("V15")
  currency.ramp(50%)
}
)";

/// Of a database at V12 and a flag that is on for a fifth of the users.
plan::Plan planned() {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(program); };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  request.snapshot.offline = false;
  plan::ObservedService database, flag;
  database.service = "orders";
  database.state = eval::Value::of(eval::Value::Kind::String, std::string("V12"));
  flag.service = "currency";
  flag.state = eval::Value::of(eval::Value::Kind::Percent, 20 * eval::percent_one);
  request.snapshot.services = {database, flag};
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

Scenario approved() {
  Scenario scenario;
  scenario.settle_ns = 2 * second;
  scenario.answers = {{"anna", minute}};
  return scenario;
}

Scenario with_fault(FaultKind kind, const char* action, int times) {
  Scenario scenario = approved();
  scenario.faults = {fault(kind, action, times)};
  return scenario;
}

std::vector<std::string> undone(const sim::SimResult& result) {
  std::vector<std::string> texts;
  for (const sim::LedgerEntry& entry : result.ledger)
    if (entry.undo) texts.push_back(entry.text);
  return texts;
}

}  // namespace

TEST_CASE("flags and databases arrive where the rollout leads them") {
  plan::Plan plan = planned();
  sim::SimResult result = run(plan, approved());
  CHECK(result.outcome == Outcome::Succeeded);
  REQUIRE(result.states.size() == 2);
  CHECK(result.states[0].text == "V15");
  CHECK(result.states[1].number == 50 * eval::percent_one);
}

TEST_CASE("what nobody approves is taken back, the last one first, to what was there") {
  plan::Plan plan = planned();
  Scenario scenario;
  sim::SimResult result = run(plan, scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(undone(result) ==
        std::vector<std::string>{"ramp currency to 20%", "undo expand orders \"V14\"", "undo expand orders \"V13\""});
  CHECK(result.states[0].text == "V12");
  CHECK(result.states[1].number == 20 * eval::percent_one);
}

TEST_CASE("behind the commit a database stays, and a flag goes back to the commit") {
  plan::Plan plan = planned();
  sim::SimResult result = run(plan, with_fault(FaultKind::FailAction, "contract", -1));
  CHECK(result.outcome == Outcome::Parked);
  CHECK(result.states[0].text == "V14");
  CHECK(result.states[1].number == 100 * eval::percent_one);
}

TEST_CASE("a parked run says of a flag only what is known") {
  plan::Plan plan = planned();
  auto told = [&](std::vector<sim::Fault> faults) {
    Scenario scenario = approved();
    scenario.faults = std::move(faults);
    sim::SimResult result = run(plan, scenario);
    CHECK(result.outcome == Outcome::Parked);
    return std::get<journal::RunEnded>(result.events.back().what).detail;
  };
  auto says = [](const std::string& text, std::string_view part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  sim::Fault no_way_back = fault(FaultKind::FailAction, "expand", -1);
  no_way_back.undo = true;
  sim::Fault second = fault(FaultKind::FailAction, "expand", -1);
  second.step = 1;
  // The flag was not reached: it is on for those for whom it was, whoever they are.
  std::string untouched = told({second, no_way_back});
  says(untouched, " currency is as it was before.");
  CHECK(untouched.find("of the users") == std::string::npos);
  // It was taken back, and the database was not.
  sim::Fault late = fault(FaultKind::FailAction, "ramp", -1);
  late.phase = 1;
  says(told({late, no_way_back}), " currency is on for 20% of the users.");
  // Nobody knows what the last call came to.
  sim::Fault stays = fault(FaultKind::FailAction, "ramp", -1);
  stays.undo = true;
  says(told({late, stays}), " Whether `ramp currency to 20%` took effect is not known; before that currency was on "
                            "for 10% of the users.");
}

TEST_CASE("crash everywhere: flags and databases") {
  plan::Plan plan = planned();
  Scenario refused = approved();
  refused.answers[0].reject = true;
  for (const Scenario& scenario :
       {approved(), refused, with_fault(FaultKind::LoseReply, "expand", 3),
        with_fault(FaultKind::LoseEffect, "ramp", 1), with_fault(FaultKind::FailAction, "contract", -1)}) {
    CrashReport report = crash_everywhere(plan, scenario);
    for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
    CHECK(report.failures.empty());
    CHECK(report.points > 0);
  }
}

TEST_CASE("no seed breaks an invariant of flags and databases") {
  plan::Plan plan = planned();
  sim::SimResult quiet = run(plan, approved());
  Span span{quiet.run_ns, quiet.operations};
  for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 10; ++seed) {
    Scenario scenario = random_world(plan, uint64_t(seed), span);
    std::erase_if(scenario.truths, [](const sim::Truth& truth) { return truth.signal == plan::none; });
    scenario.answers = {{"anna", minute}};
    sim::SimResult result = sim::run_simulation(plan, scenario);
    for (const std::string& violation : sim::texts_of(result.violations))
      UNSCOPED_INFO(fmt::format("seed {}: {}", seed, violation));
    CHECK(result.violations.empty());
  }
}

}  // namespace rollout::sim_test
