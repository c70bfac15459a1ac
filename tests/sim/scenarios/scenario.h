// What the named scenarios share: a run that counts only if what was to disturb it was met, deaths between two events,
// and several processes over one state and one world. For the files beside this one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/cli/fenced_world.h"
#include "runtime/sim/invariants.h"
#include "runtime/sim/sim_store.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

/// Plays it: no invariant is broken at any event, it ends so, every fault, answer, lock and abort that is scripted was
/// met, and a second time gives the same run to the bit.
sim::SimResult play(const plan::Plan& plan, const sim::Scenario& scenario, journal::Outcome expected);

/// A world in which a fifth of what the canary answers are errors.
sim::Scenario bad_canary();

/// The plan of a program's only rollout, read from its bytes as a saved one is.
plan::Plan compiled(const std::string& program);

template <typename Event>
std::vector<journal::Event> events_of(const sim::SimResult& result) {
  std::vector<journal::Event> out;
  for (const journal::Event& event : result.events)
    if (std::holds_alternative<Event>(event.what)) out.push_back(event);
  return out;
}
template <typename Event>
std::vector<Event> all(const sim::SimResult& result) {
  std::vector<Event> out;
  for (const journal::Event& event : events_of<Event>(result)) out.push_back(std::get<Event>(event.what));
  return out;
}

/// What was done in the world, sorted: the same for runs that did the same, whoever did it.
std::vector<std::string> effects_of(const std::vector<sim::LedgerEntry>& ledger);

/// The operations from the one at which the first event of `from` was durable up to the end.
std::vector<int64_t> operations_behind(const sim::SimResult& quiet, size_t first_event);
/// The first operation that could be killed with such an event durable, of each of them.
std::vector<int64_t> operations_at(const sim::SimResult& quiet,
                                   const std::function<bool(const journal::Event&)>& chosen);

/// The process dies at each of the points, a run each: every death is witnessed, no invariant is broken, and the run
/// ends and does in the world what the undisturbed one did. Gives the runs.
std::vector<sim::SimResult> die_at(const plan::Plan& plan, const sim::Scenario& scenario,
                                   const std::vector<int64_t>& points);

/// A claim that lasts so long without a word of its process, kept by a server that all processes ask.
struct Lease {
  std::string owner;
  int64_t until_ns = 0;
};
constexpr int64_t lease_ns = 30 * second;

class LeaseOf : public journal::Claims {
 public:
  LeaseOf(Lease& lease, std::string owner, const effects::Clock& clock)
      : lease_(lease), owner_(std::move(owner)), clock_(clock) {}
  Status take(const std::vector<std::string>&, std::string_view, std::string_view) override;
  Status name(std::string_view) override { return Done{}; }
  void give_back() override;
  Result<std::optional<effects::Holder>> claimant(std::string_view) override {
    return std::optional<effects::Holder>();
  }
  Status renew() override;
  int64_t sure_ns() const override { return lease_ns / 3; }

 private:
  Lease& lease_;
  std::string owner_;
  const effects::Clock& clock_;
};

/// Several runs and processes over one state and one simulated world.
class Rig {
 public:
  explicit Rig(plan::Plan plan, sim::Scenario scenario = {},
               std::unique_ptr<sim::VirtualClock> clock = std::make_unique<sim::VirtualClock>());

  struct Run {
    Run(Rig& rig, journal::RunInfo made)
        : invariants(rig.plan, rig.scenario, rig.world),
          store(rig.plan, rig.scenario, *rig.clock, rig.crash, invariants, rig.memory),
          info(std::move(made)) {}
    sim::Invariants invariants;
    sim::SimStore store;
    journal::RunInfo info;
  };
  /// Another run of the plan, whose bytes have this hash.
  Result<Run*> begin(const std::string& hash);
  /// Drives it in a process of its own: nothing of what others knew is left in it.
  Result<exec::DriveResult> drive(Run& run, exec::World& through, const std::string& holder);
  Result<exec::DriveResult> drive(Run& run) { return drive(run, world, "process 1"); }
  /// A run that has ended: everything held, and the world is where its outcome says.
  void judge(Run& run);

  plan::Plan plan;
  sim::Scenario scenario;
  std::unique_ptr<sim::VirtualClock> clock;
  sim::CrashSwitch crash;
  journal::MemoryStore memory;
  sim::SimWorld world;
  std::deque<Run> runs;
};

/// Does `meanwhile` around one of the calls of a process, in front of it or before its answer comes back.
class Stalled : public exec::World {
 public:
  enum class At { BeforeObserve, BeforeAct, AfterAct };
  Stalled(exec::World& world, At at, int call, std::function<void()> meanwhile,
          std::function<void()> heartbeat = [] {})
      : world_(world), at_(at), left_(call), meanwhile_(std::move(meanwhile)), heartbeat_(std::move(heartbeat)) {}
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override;
  Status act(const plan::Action& action, const exec::EffectKey& key) override;
  std::vector<exec::Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
    heartbeat_();
    return world_.sample(plan, terms);
  }
  Result<journal::Captured> capture(const plan::Plan& plan) override { return world_.capture(plan); }
  bool met() const { return left_ < 0; }

 private:
  void reach(At at);
  exec::World& world_;
  At at_;
  int left_;
  std::function<void()> meanwhile_, heartbeat_;
};

}  // namespace rollout::sim_test
