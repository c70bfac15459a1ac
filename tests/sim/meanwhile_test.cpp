// What is decided becomes durable while the world is looked at: what that may not lead to.
#include <catch2/catch.hpp>

#include "runtime/exec/drive.h"
#include "runtime/journal/memory_store.h"
#include "runtime/journal/store_view.h"
#include "runtime/sim/virtual_clock.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

namespace {

/// Shows nothing at first, and later what was asked of it. Each call is a letter: a look, a commit, an action.
struct Watched : exec::World {
  explicit Watched(std::string& calls) : calls(calls) {}
  size_t at_once() const override { return 2; }
  Result<exec::Observation> observe(const plan::Action&, const exec::EffectKey&) override {
    calls += 'l';
    return exec::Observation{acted ? exec::Seen::Present : exec::Seen::Absent, ""};
  }
  std::vector<Result<exec::Observation>> observe_all(const std::vector<exec::Errand>& errands,
                                                     const std::function<void()>& meanwhile) override {
    auto out = World::observe_all(errands, [] {});
    meanwhile();
    return out;
  }
  Status act(const plan::Action&, const exec::EffectKey&) override {
    calls += 'a';
    acted = true;
    return Done{};
  }
  std::vector<exec::Reading> sample(const plan::Plan&, const std::vector<plan::Term>&) override { return {}; }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }
  std::string& calls;
  bool acted = false;
};

/// Refuses the first `refusals` commits as a full disk does, or all of them as one that somebody else has written to.
struct Refusing : journal::StoreView {
  Refusing(journal::Store& store, std::string& calls) : StoreView(store), calls(calls) {}
  Result<journal::Appended> append(std::string_view run, int64_t known,
                                   const std::vector<journal::Event>& events, std::string_view snapshot) override {
    calls += 'c';
    if (taken) return OpError{"somebody else drives the run", false, true};
    if (refusals-- > 0) return OpError{"the disk is full", true};
    return store_.append(run, known, events, snapshot);
  }
  std::string& calls;
  int refusals = 0;
  bool taken = false;
};

struct Quiet : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

/// One step, driven to its end.
struct OneStep {
  std::string calls;
  plan::Plan plan = ungated_plan();
  sim::VirtualClock clock;
  journal::MemoryStore memory;
  Refusing store{memory, calls};
  Watched world{calls};
  Quiet quiet;

  Result<exec::DriveResult> drive() {
    plan.steps.resize(1);
    plan.phases.clear();
    Result<journal::RunInfo> info = memory.create({plan.rollout, "", "h", {}, "me", clock.wall_ns()});
    REQUIRE(info);
    return exec::drive(plan, info->run, {clock, store, world, quiet, [] { return 0; }, "me"});
  }
};

}  // namespace

TEST_CASE("an action is called once its intent is durable and a look has found nothing") {
  OneStep one;
  REQUIRE(one.drive());
  CHECK(one.calls == "lcalc");
}

TEST_CASE("what was seen while the store was waited for is looked at again") {
  OneStep one;
  one.store.refusals = 3;
  REQUIRE(one.drive());
  CHECK(one.calls == "lcccclalc");
}

TEST_CASE("what was seen while somebody else took the run is forgotten") {
  OneStep one;
  one.store.taken = true;
  Result<exec::DriveResult> driven = one.drive();
  REQUIRE(!driven);
  CHECK(driven.error().refused);
  CHECK(one.calls == "lc");
}

}  // namespace rollout::sim_test
