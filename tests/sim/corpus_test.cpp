// Journals that earlier versions have written (tests/data/journals), read and finished by this one; and newer ones,
// which are refused before anything is done.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/sha256.h"
#include "compiler/plan/plan_json.h"
#include "runtime/exec/drive.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/state_text.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/sqlite_store.h"
#include "runtime/sim/sim_world.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"
#include "tests/sim/state_directory.h"

namespace rollout::sim_test {

using journal::Event;
using journal::RunInfo;

namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_day = "2026-11-21.sql";

struct Silent : exec::Listener {
  void on_event(const Event&, const exec::State&) override {}
};

/// One state as an earlier version left it.
struct Kept {
  explicit Kept(const fs::path& dump) : name(dump.filename()) {
    std::ifstream in(dump, std::ios::binary);
    journal::sql(directory.file(), std::string(std::istreambuf_iterator<char>(in), {}).c_str());
    open();
  }
  void open() {
    store.reset();
    auto opened = journal::SqliteStore::open(directory.file());
    REQUIRE(opened);
    store = std::move(*opened);
  }
  plan::Plan plan_of(const RunInfo& run) {
    Result<std::string> bytes = store->plan_bytes(run.run);
    REQUIRE(bytes);
    CHECK(plan::hash_of(*bytes) == run.plan_hash);
    Result<plan::Plan> plan = plan::from_json(*bytes);
    if (plan) return *plan;
    // Plans have gained fields since, and their bytes are refused; what the events mean is asked with the same plan as
    // it is made today.
    INFO(run.run << ": " << plan.error().message);
    REQUIRE(name == first_day);
    CHECK(plan.error().refused);
    constexpr std::string_view said = "this plan was made by an earlier rollout, whose plans differ from those of ";
    CHECK(plan.error().message.starts_with(said));
    return run.run == "r5" ? ungated_plan() : canary_plan(20 * second);
  }
  /// The run that nobody has finished.
  RunInfo open_run() {
    std::vector<RunInfo> runs = *store->list();
    auto found = std::find_if(runs.begin(), runs.end(), [](const RunInfo& run) { return !run.outcome; });
    REQUIRE(found != runs.end());
    return *found;
  }
  std::string name;
  journal::Directory directory;
  std::unique_ptr<journal::SqliteStore> store;
};

std::vector<fs::path> dumps() {
  std::vector<fs::path> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(ROLLOUT_JOURNALS))
    if (entry.path().extension() == ".sql") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  REQUIRE(out.size() >= 2);
  return out;
}

/// The world as the run has left it: what is recorded as done is there.
void leave_as(sim::SimWorld& world, const plan::Plan& plan, const std::vector<Event>& events) {
  for (const Event& event : events) {
    const auto* done = std::get_if<journal::StepDone>(&event.what);
    if (done == nullptr || plan.steps[done->step.step].kind != plan::StepKind::Act) continue;
    REQUIRE(world.act(exec::action_of(plan, done->step), {"r0", 1, done->step.step, done->step.undo, 1}));
  }
}

/// A run that took place in the simulated world, under a plan of its own name; of its events the first `most`.
void keep(journal::Store& store, plan::Plan plan, const sim::Scenario& scenario, size_t most = SIZE_MAX) {
  sim::SimResult result = sim::run_simulation(plan, scenario);
  REQUIRE(result.violations.empty());
  plan.rollout += std::to_string(store.list()->size() + 1);
  std::string bytes = plan::to_json(plan);
  int64_t wall_ns = result.events[0].wall_ns;
  auto run = store.create({plan.rollout, bytes, plan::hash_of(bytes), {"checkout"}, "anna@ci", wall_ns});
  REQUIRE(run);
  result.events.resize(std::min(most, result.events.size()));
  REQUIRE(store.append(run->run, 1, {result.events.begin() + 1, result.events.end()}));
}

}  // namespace

// For tests/data/journals when a format is about to change: leaves rollout-state.db, to be dumped with its two marks.
TEST_CASE("a state of today is kept", "[.keep-state]") {
  auto store = journal::SqliteStore::open("rollout-state.db");
  REQUIRE(store);
  sim::Scenario good, bad, faults, aborted, stuck, people;
  bad.truths = {errors(plan::Role::Canary, 20)};
  faults.crash_at = {9, 30};
  faults.faults = {fault(sim::FaultKind::LoseReply, "deploy"), fault(sim::FaultKind::FailAction, "shift"),
                   fault(sim::FaultKind::RouterReset)};
  faults.faults[2].from_ns = 20 * second;
  aborted.abort_at_ns = 40 * second;
  stuck = bad;
  stuck.faults = {fault(sim::FaultKind::FailAction, "retire", -1)};
  people.answers = {{"anna", minute}, {"ben", 2 * minute}};
  for (const sim::Scenario* scenario : {&good, &bad, &faults, &stuck})
    keep(**store, canary_plan(20 * second), *scenario);
  keep(**store, ungated_plan(), aborted);
  constexpr size_t in_the_first_hold = 10;
  keep(**store, canary_plan(20 * second), good, in_the_first_hold);
  keep(**store, scoped_plan(), bad);
  keep(**store, commit_plan(), good);
  keep(**store, approval_plan(plan::Unapproved::Park), people);
}

TEST_CASE("journals of earlier versions are read, and end where they ended then") {
  std::set<size_t> kinds;
  std::set<journal::Outcome> ends;
  for (const fs::path& dump : dumps()) {
    Kept kept(dump);
    const std::vector<RunInfo> runs = *kept.store->list();
    for (const RunInfo& run : runs) {
      INFO(kept.name << ", " << run.run);
      Result<std::vector<Event>> events = kept.store->read(run.run);
      REQUIRE(events);
      CHECK(int64_t(events->size()) == run.events);
      exec::State state = exec::fold_all(kept.plan_of(run), *events);
      REQUIRE(state.ended.has_value() == run.outcome.has_value());
      if (run.outcome) CHECK(state.ended->outcome == *run.outcome);
      if (run.outcome) ends.insert(*run.outcome);
      for (const Event& event : *events) {
        kinds.insert(event.what.index());
        Result<Event> again = journal::decode(journal::encode(event));
        REQUIRE(again);
        CHECK(journal::encode(*again) == journal::encode(event));
      }
    }
  }
  CHECK(ends.size() == 3);
  CHECK(kinds.size() >= 12);
}

// A snapshot is read by programs of the same version and format: what the same events come to must not change between
// them. When this fails and the fold, or the text, was meant to change, raise exec::state_format.
TEST_CASE("what old events come to has changed no more often than the format of a state") {
  Sha256 hash;
  for (const fs::path& dump : dumps()) {
    Kept kept(dump);
    const std::vector<RunInfo> runs = *kept.store->list();
    for (const RunInfo& run : runs) {
      exec::State state = exec::fold_all(kept.plan_of(run), *kept.store->read(run.run));
      // Logarithms are not the same to the bit on every machine.
      for (exec::ConditionState& condition : state.conditions) condition.evidence.reset();
      std::optional<std::string> text = exec::encode(state);
      REQUIRE(text);
      hash.update(std::string_view(*text).substr(text->find('\n')));
    }
  }
  CHECK(fmt::format("{} {}", exec::state_format, hash.hex()) ==
        "3 80def728c03482ee0d7ef9afa52219fe4777d7c69ba5127c407a22977ee0f036");
}

TEST_CASE("a run that an earlier version left is finished by this one") {
  for (const fs::path& dump : dumps()) {
    Kept kept(dump);
    INFO(kept.name);
    RunInfo run = kept.open_run();
    plan::Plan plan = kept.plan_of(run);
    std::vector<Event> events = *kept.store->read(run.run);
    sim::Scenario good;
    sim::VirtualClock clock(events.back().wall_ns);
    sim::CrashSwitch crash;
    sim::SimWorld world(plan, good, clock, crash);
    leave_as(world, plan, events);
    clock.pass(minute);
    Silent silent;
    auto driven = exec::drive(plan, run.run, {clock, *kept.store, world, silent, [] { return 0; }, "a later version"});
    REQUIRE(driven);
    REQUIRE(driven->state.ended);
    CHECK(driven->state.ended->outcome == journal::Outcome::Succeeded);
    for (const std::string& violation : sim::texts_of(world.violations())) UNSCOPED_INFO(violation);
    CHECK(world.violations().empty());
    CHECK(world.difference_from_goal({}) == "");
    kept.open();
    CHECK(kept.store->read(run.run));
  }
}

TEST_CASE("a journal of a newer version is refused before anything is done") {
  for (const fs::path& dump : dumps()) {
    Kept kept(dump);
    INFO(kept.name);
    RunInfo run = kept.open_run();
    plan::Plan plan = kept.plan_of(run);
    std::vector<Event> events = *kept.store->read(run.run);
    // Its last event is one that only a newer version can read, in a chain that holds.
    journal::Chain chain = *kept.store->chain(run.run);
    std::string newer = chain.rows.back().line;
    newer.replace(newer.find("\"v\":1"), 5, "\"v\":99");
    std::string hash = journal::chain_next(chain.rows[chain.rows.size() - 2].hash, newer);
    kept.store.reset();
    journal::sql(kept.directory.file(),
                 fmt::format("UPDATE events SET line = '{0}', hash = '{1}' WHERE run = '{2}' AND seq = {3};"
                             "UPDATE runs SET head_hash = '{1}' WHERE run = '{2}'",
                             newer, hash, run.run, events.size() - 1)
                     .c_str());
    kept.open();
    sim::Scenario good;
    sim::VirtualClock clock(events.back().wall_ns);
    sim::CrashSwitch crash;
    sim::SimWorld world(plan, good, clock, crash);
    Silent silent;
    auto driven = exec::drive(plan, run.run, {clock, *kept.store, world, silent, [] { return 0; }, "an older version"});
    REQUIRE(!driven);
    CHECK(driven.error().refused);
    CHECK(driven.error().message.find("written by a newer rollout (event format 99)") != std::string::npos);
    CHECK(world.ledger().empty());
    CHECK(kept.store->list()->size() > 1);  // and the others are there
  }
}

}  // namespace rollout::sim_test
