// Section F of docs/failures.md: the store, the disk and the clock.
#include <set>

#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

/// A wall clock that is set, at moments of the monotonic one.
struct Jumping : sim::VirtualClock {
  explicit Jumping(std::vector<std::pair<int64_t, int64_t>> to) : jumps(std::move(to)) {}
  int64_t wall_ns() const override {
    int64_t wall = sim::VirtualClock::wall_ns();
    for (auto [at_ns, by_ns] : jumps)
      if (monotonic_ns() >= at_ns) wall += by_ns, met = true;
    return wall;
  }
  std::vector<std::pair<int64_t, int64_t>> jumps;
  mutable bool met = false;
};

constexpr int64_t hour = 60 * minute, day = 24 * hour, year = 365 * day;

}  // namespace

TEST_CASE("RF-51 the n-th write to the journal is refused, for every n") {
  for (const Scenario& world : {Scenario{}, bad_canary()}) {
    SimResult quiet = sim::run_simulation(canary_plan(), world);
    int64_t met = 0;
    for (int times : {1, 7})
      for (int skip = 0; skip < int(quiet.events.size()); ++skip) {
        Scenario scenario = world;
        scenario.faults = {fault(FaultKind::StoreRefuses, "", times)};
        scenario.faults[0].skip = skip;
        SimResult result = sim::run_simulation(canary_plan(), scenario);
        if (result.witnessed.faults[0] == 0) break;  // the run has fewer writes
        INFO("write " << skip << " is refused " << times << " times");
        CHECK(result.violations.empty());  // among them: no effect without its intent
        CHECK(result.outcome == quiet.outcome);
        CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
        met += result.witnessed.faults[0] == times;
      }
    // Twice as many runs as there are writes.
    CHECK(met == 2 * int64_t(std::set<int64_t>(quiet.durable_at.begin() + 1, quiet.durable_at.end()).size()));
  }
}

TEST_CASE("RF-54 the store is away for ten seconds and ten minutes at every step") {
  for (const Scenario& world : {Scenario{}, bad_canary()}) {
    SimResult quiet = sim::run_simulation(canary_plan(), world);
    int64_t met = 0;
    for (int64_t away_ns : {10 * second, 10 * minute})
      for (const journal::Event& event : quiet.events) {
        if (std::holds_alternative<journal::Sampled>(event.what)) continue;
        Scenario scenario = world;
        scenario.settle_ns = second;
        scenario.faults = {fault(FaultKind::StoreAway)};
        scenario.faults[0].from_ns = event.wall_ns - quiet.events[0].wall_ns;
        scenario.faults[0].until_ns = scenario.faults[0].from_ns + away_ns;
        SimResult result = sim::run_simulation(canary_plan(), scenario);
        CHECK(result.violations.empty());
        CHECK(result.outcome);
        CHECK(effects_of(result.ledger).size() <= 6);
        met += result.witnessed.faults[0] > 0;
      }
    CHECK(met > 8);
  }
}

TEST_CASE("RF-55 the wall clock jumps by a second, an hour and ten years, forward and back") {
  for (int64_t by_ns : {second, hour, 10 * year})
    for (int64_t sign : {1, -1})
      for (int64_t at_ns : {second, 30 * second, 90 * second}) {
        INFO("jump by " << sign * by_ns / second << " s");
        auto clock = std::make_unique<Jumping>(std::vector<std::pair<int64_t, int64_t>>{{at_ns, sign * by_ns}});
        const Jumping& jumping = *clock;
        Rig rig(ungated_plan(), {}, std::move(clock));
        Lease lease;
        LeaseOf mine(lease, "process 1", *rig.clock), theirs(lease, "process 2", *rig.clock);
        REQUIRE(mine.take({}, "", ""));
        cli::FencedWorld fenced(rig.world, mine, nullptr, *rig.clock);
        Rig::Run& run = **rig.begin("h");
        auto driven = rig.drive(run, fenced, "process 1");
        REQUIRE(driven);
        CHECK(jumping.met);
        CHECK(driven->state.ended->outcome == Outcome::Succeeded);
        CHECK(rig.clock->monotonic_ns() == 6 * minute);  // both holds, to the nanosecond
        rig.judge(run);
      }
}

}  // namespace rollout::sim_test
