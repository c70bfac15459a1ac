// Sections B and F of docs/failures.md, in the middle of a hold: time in which nothing could be looked at passes none.
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using journal::Resumed;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

constexpr int64_t hold_ns = 3 * minute;

/// The process is stopped in its sleep at a moment, and goes on so long after it.
struct Standing : sim::VirtualClock {
  Standing(int64_t at, int64_t for_so_long) : at_ns(at), for_ns(for_so_long) { wake_at(at); }
  effects::Woke sleep_until(int64_t until_ns) override {
    effects::Woke woke = sim::VirtualClock::sleep_until(until_ns);
    if (!met && monotonic_ns() >= at_ns) met = true, pass(for_ns);
    return woke;
  }
  int64_t at_ns, for_ns;
  bool met = false;
};

/// Two phases that a watch alone looks after.
plan::Plan only_watched() {
  plan::Plan plan = watched_plan(hold_ns);
  for (plan::Step& step : plan.steps) step.gates.clear();
  return plan;
}

/// From the middle of the first hold on a fifth of what the canary answers are errors.
Scenario turns_bad() {
  Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20, minute)};
  return scenario;
}

template <typename Event>
std::vector<Event> recorded(Rig& rig, const Rig::Run& run) {
  std::vector<Event> out;
  const std::vector<journal::Event> events = *rig.memory.read(run.info.run);
  for (const journal::Event& event : events)
    if (const Event* e = std::get_if<Event>(&event.what)) out.push_back(*e);
  return out;
}

bool has_half(const std::vector<sim::LedgerEntry>& ledger) {
  return std::any_of(ledger.begin(), ledger.end(),
                     [](const sim::LedgerEntry& entry) { return entry.text.find("50%") != std::string::npos; });
}

/// Every commit takes so long, until a moment.
struct SlowStore : journal::StoreView {
  SlowStore(journal::Store& store, sim::VirtualClock& by, int64_t takes, int64_t until = INT64_MAX)
      : StoreView(store), clock(by), ns(takes), until_ns(until) {}
  Result<journal::Appended> append(std::string_view run, int64_t known, const std::vector<journal::Event>& events,
                                   std::string_view snapshot = {}) override {
    if (clock.monotonic_ns() < until_ns) clock.pass(ns);
    return store_.append(run, known, events, snapshot);
  }
  sim::VirtualClock& clock;
  int64_t ns, until_ns;
};

Result<exec::DriveResult> drive_by(Rig& rig, Rig::Run& run, journal::Store& store) {
  struct Silent : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } silent;
  return exec::drive(rig.plan, run.info.run, {*rig.clock, store, rig.world, silent, [] { return 0; }, "me", second});
}

}  // namespace

TEST_CASE("RF-13 a process stands still in the middle of a hold that only a watch looks after") {
  for (int64_t for_ns : {10 * second, hold_ns, 60 * minute}) {
    INFO("for " << for_ns / second << " s");
    Rig rig(only_watched(), turns_bad(), std::make_unique<Standing>(minute, for_ns));
    Rig::Run& run = **rig.begin("h");
    auto driven = rig.drive(run);
    REQUIRE(driven);
    CHECK(driven->state.ended->outcome == Outcome::RolledBack);
    CHECK_FALSE(has_half(rig.world.ledger()));
    std::vector<Resumed> gaps = recorded<Resumed>(rig, run);
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].downtime_ns == for_ns);
    CHECK(gaps[0].why == "this process stood still");
    // A new starting point first, in which nothing counts.
    std::vector<journal::Event> events = *rig.memory.read(run.info.run);
    auto gap = std::find_if(events.begin(), events.end(),
                            [](const journal::Event& e) { return std::holds_alternative<Resumed>(e.what); });
    REQUIRE(gap + 1 < events.end());
    CHECK(std::get<journal::Sampled>((gap + 1)->what).prime);
    CHECK(gap->run_ns == minute);
    rig.judge(run);
  }
}

TEST_CASE("RF-13 a process stands still in a bare hold, which goes on for its rest") {
  for (int64_t at_ns : {10 * second, hold_ns - 10 * second, hold_ns + 10 * second}) {
    Rig rig(ungated_plan(), {}, std::make_unique<Standing>(at_ns, 10 * minute));
    Rig::Run& run = **rig.begin("h");
    auto driven = rig.drive(run);
    REQUIRE(driven);
    CHECK(driven->state.ended->outcome == Outcome::Succeeded);
    CHECK(rig.clock->monotonic_ns() == 2 * hold_ns + 10 * minute);
    CHECK(driven->state.run_ns == 2 * hold_ns);
    REQUIRE(recorded<Resumed>(rig, run).size() == 1);
    // Users met the canary all the time: 5% of it, or from the second hold on a half.
    bool half = at_ns > hold_ns;
    CHECK(driven->state.services[0].exposure_ns ==
          (hold_ns * 5 + hold_ns * 50 + 10 * minute * (half ? 50 : 5)) / 100);
    rig.judge(run);
  }
}

TEST_CASE("RF-13 what is exposed while the process stands still counts against the budget") {
  plan::Plan plan = ungated_plan();
  plan.budget_exposure_ns = 10 * minute;
  Rig rig(plan, {}, std::make_unique<Standing>(minute, 5 * 60 * minute));
  Rig::Run& run = **rig.begin("h");
  auto driven = rig.drive(run);
  REQUIRE(driven);
  CHECK(driven->state.ended->outcome == Outcome::RolledBack);
  CHECK(recorded<journal::RollbackStarted>(rig, run).at(0).cause == journal::Cause::Exposure);
  CHECK_FALSE(has_half(rig.world.ledger()));
  rig.judge(run);
}

TEST_CASE("RF-13 a process stands still while an action is under way, which keeps the time of its attempt") {
  Scenario slow;
  slow.faults = {fault(FaultKind::SlowAction, "deploy")};
  slow.faults[0].delay_ns = 20 * minute;
  Rig rig(canary_plan(), slow, std::make_unique<Standing>(10 * second, 19 * minute + 55 * second));
  Rig::Run& run = **rig.begin("h");
  auto driven = rig.drive(run);
  REQUIRE(driven);
  CHECK(driven->state.ended->outcome == Outcome::Succeeded);
  CHECK(driven->state.steps[0].attempt == 1);
  CHECK(recorded<Resumed>(rig, run).size() == 1);
  rig.judge(run);
}

TEST_CASE("RF-13 who wakes up a little late has not stood still, and nobody's question is answered by it") {
  Rig rig(ungated_plan(), {}, std::make_unique<Standing>(minute, 2 * second));
  Rig::Run& run = **rig.begin("h");
  auto driven = rig.drive(run);
  REQUIRE(driven);
  CHECK(recorded<Resumed>(rig, run).empty());
  CHECK(rig.clock->monotonic_ns() == 2 * hold_ns);
  rig.judge(run);

  // Two branches wait for people; the first one parks, and a stop beside it lets nobody off.
  plan::Plan asks = two_approvals_plan();
  Rig quiet(asks), stopped(asks, {}, std::make_unique<Standing>(12 * minute, 5 * minute));
  for (Rig* each : {&quiet, &stopped}) {
    Rig::Run& asked = **each->begin("h");
    REQUIRE(each->drive(asked));
    CHECK(recorded<journal::Parked>(*each, asked).size() == recorded<journal::Parked>(quiet, quiet.runs[0]).size());
  }
  CHECK(recorded<Resumed>(stopped, stopped.runs[0]).size() == 1);
}

TEST_CASE("RF-54 a store that takes seconds for each commit shortens no hold, and the run comes to its end") {
  for (plan::Plan plan : {ungated_plan(), only_watched(), canary_plan()}) {
    Rig rig(plan);
    Rig::Run& run = **rig.begin("h");
    SlowStore slow(run.store, *rig.clock, 4 * second);
    auto driven = drive_by(rig, run, slow);
    REQUIRE(driven);
    CHECK(driven->state.ended->outcome == Outcome::Succeeded);
    CHECK(driven->state.run_ns >= plan.steps[2].hold_ns + plan.steps[4].hold_ns);
    rig.judge(run);
  }
}

TEST_CASE("RF-54 a hold during which every commit takes too long ends by itself") {
  constexpr int64_t takes = 12 * second;
  for (bool judged : {true, false}) {
    Rig rig(judged ? canary_plan(hold_ns) : ungated_plan());
    Rig::Run& run = **rig.begin("h");
    SlowStore slow(run.store, *rig.clock, takes);
    auto driven = drive_by(rig, run, slow);
    REQUIRE(driven);
    rig.judge(run);
    if (!judged) {
      // Nobody looks after it: it has its whole length, and the commits of what is recorded beside.
      CHECK(driven->state.ended->outcome == Outcome::Succeeded);
      CHECK(driven->state.run_ns >= 2 * hold_ns);
      CHECK(rig.clock->monotonic_ns() < 2 * hold_ns + 60 * takes);
      continue;
    }
    INFO(driven->state.ended->detail);
    // The check behind the way back cannot look either.
    CHECK(driven->state.ended->outcome == Outcome::Parked);
    CHECK(driven->state.ended->detail.starts_with("Everything this run had changed is restored"));
    auto back = recorded<journal::RollbackStarted>(rig, run);
    REQUIRE(back.size() == 1);
    CHECK(back[0].cause == journal::Cause::NoEvidence);
    INFO(back[0].detail);
    CHECK(back[0].detail.find("longer than it waits for evidence") != std::string::npos);
    CHECK_FALSE(has_half(rig.world.ledger()));
    const plan::Gate& gate = rig.plan.gates[0];
    int64_t waits_ns = std::max({gate.no_data.hold_ns, gate.undecided.hold_ns, gate.error.hold_ns});
    CHECK(rig.clock->monotonic_ns() < 2 * (hold_ns + waits_ns) + 40 * takes);
  }
}

TEST_CASE("RF-54 a spell of slow commits leaves a hold what it needs") {
  for (plan::Plan plan : {only_watched(), canary_plan(hold_ns)})
    for (bool bad : {false, true}) {
      Rig rig(plan, bad ? turns_bad() : Scenario{});
      Rig::Run& run = **rig.begin("h");
      SlowStore slow(run.store, *rig.clock, 12 * second, 2 * minute);
      auto driven = drive_by(rig, run, slow);
      REQUIRE(driven);
      CHECK(driven->state.ended->outcome == (bad ? Outcome::RolledBack : Outcome::Succeeded));
      if (bad) CHECK_FALSE(has_half(rig.world.ledger()));
      if (!bad) CHECK(driven->state.run_ns >= 2 * hold_ns);
      rig.judge(run);
    }
}

TEST_CASE("RF-54 the store is away in the middle of a hold that only a watch looks after") {
  for (FaultKind kind : {FaultKind::StoreAway, FaultKind::StoreGone})
    for (int64_t away_ns : {10 * second, hold_ns, 50 * minute}) {
      Scenario scenario = turns_bad();
      scenario.faults = {fault(kind)};
      scenario.faults[0].from_ns = 58 * second;
      scenario.faults[0].until_ns = scenario.faults[0].from_ns + away_ns;
      SimResult result = play(only_watched(), scenario, Outcome::RolledBack);
      CHECK(result.phase == 0);
      CHECK_FALSE(has_half(result.ledger));
      std::vector<Resumed> gaps = all<Resumed>(result);
      REQUIRE(gaps.size() == 1);
      CHECK(gaps[0].why.find("the state could not be written: the simulated") == 0);
      // A good canary has its holds in full beside that.
      scenario.truths.clear();
      SimResult good = play(only_watched(), scenario, Outcome::Succeeded);
      CHECK(good.run_ns == 2 * hold_ns + all<Resumed>(good).at(0).downtime_ns);
    }
}

}  // namespace rollout::sim_test
