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

/// Another process goes on with a run by a record of these events, in the world as it is.
Result<exec::DriveResult> go_on_by(Rig& rig, const std::string& run, const std::vector<journal::Event>& events,
                                   exec::World& world, const std::vector<journal::Request>& asked = {}) {
  journal::MemoryStore older;
  journal::NewRun made{rig.plan.rollout, "", "h", {"checkout"}, "somebody", events[0].wall_ns};
  REQUIRE(older.create(made)->run == run);
  if (events.size() > 1) REQUIRE(older.append(run, 1, {events.begin() + 1, events.end()}));
  for (const journal::Request& request : asked) REQUIRE(older.request(run, request));
  sim::Invariants keys(rig.plan, rig.scenario, rig.world);
  sim::SimStore view(rig.plan, rig.scenario, *rig.clock, rig.crash, keys, older);
  rig.world.require_intents([&](const std::string& key) { return keys.recorded(key); });
  struct Silent : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } silent;
  auto driven =
      exec::drive(rig.plan, run, {*rig.clock, view, world, silent, [] { return 0; }, "process 2", 10 * second});
  rig.world.require_intents([](const std::string&) { return true; });  // `keys` ends here
  return driven;
}

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

TEST_CASE("RF-53 the state comes back from an older backup") {
  // A process dies behind one of its effects, and what the next one reads ends earlier than what was written. Behind
  // the promote no more is lost than its intent and the verdict before it: a hold that goes on sets its share again,
  // which backends refuse for a canary that is gone, and this world does not.
  for (int call = 0; call < 4; ++call)
    for (size_t lost = 0; lost < (call == 3 ? 4 : 12); ++lost) {
      Rig rig(canary_plan());
      Rig::Run& run = **rig.begin("h");
      Stalled dies(rig.world, Stalled::At::AfterAct, call, [&] { rig.crash.kill(); });
      REQUIRE(!rig.drive(run, dies, "process 1"));
      REQUIRE(dies.met());
      rig.crash.revive();
      std::vector<journal::Event> events = *rig.memory.read(run.info.run);
      if (lost >= events.size()) break;
      events.resize(events.size() - lost);
      INFO("behind effect " << call << ", without the last " << lost << " events");
      auto driven = go_on_by(rig, run.info.run, events, rig.world);
      REQUIRE(driven);
      CHECK(driven->state.ended->outcome == Outcome::Succeeded);
      // What nobody remembers is found by looking: done once, and in its place.
      CHECK(rig.world.violations().empty());
      CHECK(rig.world.difference_from_goal({}).empty());
      if (lost == 0) CHECK(rig.world.ledger().size() == 4);
    }
}

namespace {

/// The simulated world, which says what runs as backends do.
class Versions : public exec::World {
 public:
  explicit Versions(sim::SimWorld& world) : world_(world), before_(stable()) {}
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
    return world_.observe(action, key);
  }
  Status act(const plan::Action& action, const exec::EffectKey& key) override { return world_.act(action, key); }
  std::vector<exec::Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
    return world_.sample(plan, terms);
  }
  Result<journal::Captured> capture(const plan::Plan& plan) override { return world_.capture(plan); }
  Result<std::vector<exec::Astray>> astray(const plan::Plan&, const std::vector<uint32_t>& services) override {
    CHECK(services == std::vector<uint32_t>{0});
    if (away) return OpError{"it does not answer", true};
    if (stable() == before_) return std::vector<exec::Astray>();
    return std::vector<exec::Astray>{{0, stable(), before_}};
  }
  std::string stable() const {
    const eval::Value* version = world_.get(0, plan::Variable::Version, plan::Role::Stable);
    return version == nullptr ? "" : version->text;
  }
  bool away = false;

 private:
  sim::SimWorld& world_;
  std::string before_;
};

}  // namespace

TEST_CASE("RF-53 a way back from an older record is not complete before what runs was compared") {
  struct Case {
    bool restored, away;
    Outcome outcome;
    std::string_view says;
  };
  // An abort of what an older record takes for a hold; the same where the world is as recorded; where nobody can look.
  for (const Case& one : {Case{true, false, Outcome::Parked, "but what runs now is not what ran before the run: "},
                          Case{false, false, Outcome::RolledBack, "aborted by anna: an incident"},
                          Case{true, true, Outcome::RolledBack, "; what runs now could not be compared with what ran "
                                                                 "before: it does not answer"}}) {
    Rig rig(canary_plan());
    Versions versions(rig.world);
    Rig::Run& run = **rig.begin("h");
    std::vector<journal::Event> events;
    if (one.restored) {
      REQUIRE(rig.drive(run, versions, "process 1"));
      events = *rig.memory.read(run.info.run);
      auto sampled = [](const journal::Event& event) { return std::holds_alternative<journal::Sampled>(event.what); };
      events.erase(std::find_if(events.begin(), events.end(), sampled) + 1, events.end());
    } else {
      events = {rig.memory.read(run.info.run)->front()};
    }
    versions.away = one.away;
    auto driven = go_on_by(rig, run.info.run, events, versions,
                           {{0, journal::Ask::Abort, "anna", "an incident", 1}});
    REQUIRE(driven);
    INFO(driven->state.ended->detail);
    CHECK(driven->state.ended->outcome == one.outcome);
    CHECK(driven->state.ended->detail.find(one.says) != std::string::npos);
    CHECK(driven->state.ended->found.size() == size_t(one.restored && !one.away));
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
  // It is gone altogether when a process dies: the next one cannot even read, and the one behind it can.
  for (const Scenario& world : {Scenario{}, bad_canary()}) {
    SimResult quiet = sim::run_simulation(canary_plan(), world);
    int64_t unread = 0;
    for (int64_t away_ns : {20 * second, 10 * minute})
      for (int64_t at = second; at + 2 * second < quiet.run_ns; at += 10 * second) {
        Scenario scenario = world;
        scenario.faults = {fault(FaultKind::StoreGone)};
        scenario.faults[0].from_ns = at;
        scenario.faults[0].until_ns = at + away_ns;
        scenario.crash_at_ns = {at + second};
        SimResult result = play(canary_plan(), scenario, *quiet.outcome);
        CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
        CHECK(result.witnessed.deaths == 1);
        unread += result.witnessed.unread;
      }
    CHECK(unread > 0);
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

TEST_CASE("RF-55 the wall clock jumps while a stopped line is overridden") {
  for (int64_t by_ns : {second, hour, 10 * year})
    for (int64_t sign : {1, -1}) {
      INFO("jump by " << sign * by_ns / second << " s");
      Rig rig(ungated_plan(), {},
              std::make_unique<Jumping>(std::vector<std::pair<int64_t, int64_t>>{{30 * second, sign * by_ns}}));
      Rig::Run& run = **rig.begin("h");
      const int64_t now_ns = rig.clock->wall_ns();
      journal::Request stop{0, journal::Ask::Pause, "anna", "an incident", now_ns};
      journal::Request lets{0, journal::Ask::Override, "anna", "the mend of it", now_ns};
      lets.minutes = 2;
      REQUIRE(rig.memory.request(journal::line_mailbox, stop));
      REQUIRE(rig.memory.request(run.info.run, lets));
      // The line moves again when the override is long over.
      rig.clock->wake_at(hour);
      struct Lifted : exec::World {
        Lifted(Rig& of) : rig(of) {}
        Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
          return rig.world.observe(action, key);
        }
        Status act(const plan::Action& action, const exec::EffectKey& key) override {
          return rig.world.act(action, key);
        }
        std::vector<exec::Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
          return rig.world.sample(plan, terms);
        }
        Result<journal::Captured> capture(const plan::Plan& plan) override { return rig.world.capture(plan); }
        std::vector<std::string> tend(const std::vector<int64_t>&) override {
          if (rig.clock->monotonic_ns() < hour || std::exchange(done, true)) return {};
          journal::Request go{0, journal::Ask::Resume, "anna", "it is over", rig.clock->wall_ns()};
          CHECK(rig.memory.request(journal::line_mailbox, go));
          return {};
        }
        Rig& rig;
        bool done = false;
      } world(rig);
      auto driven = rig.drive(run, world, "process 1");
      REQUIRE(driven);
      CHECK(driven->state.ended->outcome == Outcome::Succeeded);
      std::vector<int64_t> ended;
      const std::vector<journal::Event> events = *rig.memory.read(run.info.run);
      for (const journal::Event& event : events)
        if (std::holds_alternative<journal::OverrideEnded>(event.what)) ended.push_back(event.run_ns);
      CHECK(ended == std::vector<int64_t>{2 * minute});
      rig.judge(run);
    }
}

TEST_CASE("RF-56 the record reads as damaged until somebody has mended it") {
  for (const Scenario& world : {Scenario{}, bad_canary()}) {
    SimResult quiet = sim::run_simulation(canary_plan(), world);
    for (int64_t at = second; at < quiet.run_ns; at += 10 * second) {
      Scenario scenario = world;
      scenario.crash_at_ns = {at};
      scenario.faults = {fault(FaultKind::StorePoisoned, "", 3)};
      scenario.faults[0].from_ns = 1;  // the first process begins the run
      SimResult result = play(canary_plan(), scenario, *quiet.outcome);
      // Each of them stands still: none begins afresh.
      CHECK(result.witnessed.unread == 3);
      CHECK(all<journal::RunStarted>(result).size() == 1);
      CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
    }
  }
}

}  // namespace rollout::sim_test
