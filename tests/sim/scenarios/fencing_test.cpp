// Section B of docs/failures.md: several processes, claims that end, and answers that are old.
#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;
using sim::FaultKind;
using sim::Scenario;
using sim::SimResult;

namespace {

const std::vector<std::string> services = {"checkout"};

/// A process that claims the service, goes through its fence, and may stop for a while at one of its calls.
struct Process {
  Process(Rig& rig, Lease& lease, std::string holder, Stalled::At at = Stalled::At::BeforeAct, int call = 1'000'000,
          std::function<void()> meanwhile = [] {})
      : name(holder), claims(lease, std::move(holder), *rig.clock), fenced(rig.world, claims, nullptr, *rig.clock),
        stalled(fenced, at, call, std::move(meanwhile), [this] { (void)claims.renew(); }) {}
  bool claim() { return bool(claims.take(services, name, "")); }
  std::string name;
  LeaseOf claims;
  cli::FencedWorld fenced;
  Stalled stalled;
};

}  // namespace

TEST_CASE("RF-12 a process that cannot renew its claim goes on running") {
  for (int call = 0; call < 4; ++call) {
    Rig rig(canary_plan());
    Lease lease;
    Rig::Run& run = **rig.begin("h");
    size_t before = 0;
    // The server gives the claim to somebody else, and this process does not hear of it.
    Process first(rig, lease, "process 1", Stalled::At::BeforeObserve, 3 * call, [&] {
      rig.clock->pass(lease_ns + second);
      lease = {"process 2", rig.clock->monotonic_ns() + 1000 * minute};
      before = rig.world.ledger().size();
    });
    REQUIRE(first.claim());
    auto driven = rig.drive(run, first.stalled, first.name);
    REQUIRE(first.stalled.met());
    CHECK(rig.world.ledger().size() == before);  // it has done nothing since
    CHECK(rig.world.violations().empty());
  }
}

TEST_CASE("RF-13 a process is stopped for half to five times its claim") {
  using At = Stalled::At;
  for (At at : {At::BeforeObserve, At::BeforeAct, At::AfterAct})
    for (int call = 0; call < 4; ++call)
      for (int64_t stop_ns : {lease_ns / 2, lease_ns + second, 5 * lease_ns}) {
        INFO("stop " << int(at) << " at call " << call << " for " << stop_ns / second << " s");
        Rig rig(canary_plan());
        Lease lease;
        Rig::Run& run = **rig.begin("h");
        bool taken_over = false;
        Process first(rig, lease, "process 1", at, call, [&] {
          rig.clock->pass(stop_ns);
          Process second_one(rig, lease, "process 2");
          if (!second_one.claim()) return;
          taken_over = true;
          REQUIRE(rig.drive(run, second_one.stalled, second_one.name));
        });
        REQUIRE(first.claim());
        auto driven = rig.drive(run, first.stalled, first.name);
        REQUIRE(first.stalled.met());
        // A claim is given to another as soon as it has ended, and not before.
        CHECK(taken_over == (stop_ns > lease_ns));
        CHECK(bool(driven) == !taken_over);
        CHECK(rig.world.ledger().size() == 4);
        rig.judge(run);
      }
}

TEST_CASE("RF-14 a delayed process holds an older run while a newer one is applied") {
  for (int call = 0; call < 4; ++call) {
    Rig rig(canary_plan());
    Lease lease;
    Rig::Run& older = **rig.begin("older");
    Rig::Run* newer = nullptr;
    size_t effects = 0;
    Process first(rig, lease, "process 1", Stalled::At::BeforeAct, call, [&] {
      rig.clock->pass(2 * lease_ns);
      Process other(rig, lease, "process 2");
      REQUIRE(other.claim());
      REQUIRE(rig.memory.request(older.info.run, {0, journal::Ask::Replace, "somebody", "a newer one", 0}));
      REQUIRE(rig.drive(older, other.stalled, other.name));
      rig.judge(older);  // taken back before the newer one begins
      newer = *rig.begin("newer");
      REQUIRE(rig.drive(*newer, other.stalled, other.name));
      effects = rig.world.ledger().size();
    });
    REQUIRE(first.claim());
    CHECK(!rig.drive(older, first.stalled, first.name));
    REQUIRE(newer != nullptr);
    CHECK(newer->info.generations.at(0).number > older.info.generations.at(0).number);
    CHECK(rig.world.ledger().size() == effects);
    rig.judge(*newer);
  }
}

TEST_CASE("RF-15 eight processes apply to one service at once") {
  constexpr int contenders = 8;
  Rig rig(canary_plan());
  Lease lease;
  int refused = 0;
  Rig::Run& run = **rig.begin("h");
  Process only(rig, lease, "process 1", Stalled::At::BeforeAct, 1, [&] {
    for (int i = 2; i <= contenders; ++i) refused += !Process(rig, lease, fmt::format("process {}", i)).claim();
  });
  REQUIRE(only.claim());
  REQUIRE(rig.drive(run, only.stalled, only.name));
  CHECK(refused == contenders - 1);
  rig.judge(run);

  // Each is stopped, and the next one goes on: of all of them one finishes.
  Rig chain(canary_plan());
  Lease shared;
  Rig::Run& one = **chain.begin("h");
  int finished = 0, begun = 0;
  std::function<void()> next = [&] {
    if (begun++ == contenders) return;
    chain.clock->pass(lease_ns + second);
    Process process(chain, shared, fmt::format("process {}", begun), Stalled::At::BeforeAct, 0, next);
    if (!process.claim()) return;
    finished += bool(chain.drive(one, process.stalled, process.name));
  };
  next();
  CHECK(begun > contenders);  // the last one is not stopped
  CHECK(finished == 1);
  CHECK(chain.world.ledger().size() == 4);
  chain.judge(one);
}

TEST_CASE("RF-16 a newer revision arrives during a canary") {
  for (int64_t at : {second, 30 * second, 70 * second, 110 * second}) {
    INFO("after " << at / second << " s");
    Scenario scenario;
    scenario.hands = {{at, journal::Ask::Replace}};
    SimResult result = play(canary_plan(), scenario, Outcome::RolledBack);
    const auto started = all<journal::RollbackStarted>(result).at(0);
    CHECK(started.cause == journal::Cause::Abort);
    CHECK(all<journal::AbortRequested>(result).at(0).replaced);
  }
  // The newer one begins where the older one's traffic has gone back, and without any of its evidence.
  Rig rig(canary_plan());
  Rig::Run& older = **rig.begin("older");
  Stalled replaced(rig.world, Stalled::At::BeforeAct, 2, [&] {
    REQUIRE(rig.memory.request(older.info.run, {0, journal::Ask::Replace, "somebody", "a newer one", 0}));
  });
  REQUIRE(rig.drive(older, replaced, "process 1"));
  REQUIRE(replaced.met());
  rig.judge(older);
  Rig::Run& newer = **rig.begin("newer");
  REQUIRE(rig.drive(newer));
  rig.judge(newer);
  exec::State fresh = exec::fold_all(rig.plan, *rig.memory.read(newer.info.run));
  CHECK(fresh.conditions[0].evidence->blocks() == 24);
}

TEST_CASE("RF-17 somebody else keeps changing what the run sets") {
  for (int times : {3, 9}) {
    Scenario scenario;
    for (int i = 0; i < times; ++i) {
      scenario.faults.push_back(fault(FaultKind::RouterReset));
      scenario.faults.back().from_ns = (3 + 11 * i) * second;
    }
    SimResult result = play(canary_plan(2 * minute), scenario, Outcome::Succeeded);
    CHECK(int(all<journal::Reasserted>(result).size()) == times);
  }
}

TEST_CASE("RF-20 looks show what was so some time ago") {
  // Stale for so long after each call, as a cache or a lagging server is.
  struct Stale : exec::World {
    Stale(Rig& of, int64_t lag) : rig(of), lag_ns(lag) {}
    Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
      Result<exec::Observation> now = rig.world.observe(action, key);
      bool old = now && now->seen == exec::Seen::Present && acted_ns && rig.clock->monotonic_ns() < *acted_ns + lag_ns;
      stale += old;
      return old ? exec::Observation{exec::Seen::Absent, "as it was"} : now;
    }
    Status act(const plan::Action& action, const exec::EffectKey& key) override {
      acted_ns = rig.clock->monotonic_ns();
      return rig.world.act(action, key);
    }
    std::vector<exec::Reading> sample(const plan::Plan& p, const std::vector<plan::Term>& terms) override {
      return rig.world.sample(p, terms);
    }
    Result<journal::Captured> capture(const plan::Plan& p) override { return rig.world.capture(p); }
    Rig& rig;
    int64_t lag_ns;
    std::optional<int64_t> acted_ns;
    int stale = 0;
  };
  Rig rig(canary_plan());
  Rig::Run& run = **rig.begin("h");
  Stale stale(rig, 10 * second);
  auto driven = rig.drive(run, stale, "process 1");
  REQUIRE(driven);
  CHECK(driven->state.ended->outcome == Outcome::Succeeded);
  CHECK(stale.stale > 0);
  CHECK(rig.world.ledger().size() == 4);  // waited for, not done again
  rig.judge(run);
}

TEST_CASE("RF-21 the answer to a commit is lost") {
  for (const Scenario& world : {Scenario{}, bad_canary()}) {
    SimResult quiet = sim::run_simulation(canary_plan(), world);
    for (int skip = 0; skip < 40; ++skip) {
      Scenario scenario = world;
      scenario.faults = {fault(FaultKind::StoreLosesReply)};
      scenario.faults[0].skip = skip;
      SimResult result = sim::run_simulation(canary_plan(), scenario);
      if (result.witnessed.faults[0] == 0) {
        CHECK(skip > 8);  // the run has fewer writes
        break;
      }
      CHECK(result.violations.empty());
      CHECK(result.outcome == quiet.outcome);
      CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
    }
    Scenario thrice = world;  // the answers to the repetitions, too
    thrice.faults = {fault(FaultKind::StoreLosesReply, "", 3)};
    SimResult result = play(canary_plan(), thrice, *quiet.outcome);
    CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
  }
}

}  // namespace rollout::sim_test
