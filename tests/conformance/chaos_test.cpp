// The fault that the local backend brings upon its own canary, on the real example shop.
#include <catch2/catch.hpp>

#include <set>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/backend/local_state.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

constexpr int64_t canaries = 3;

/// The shop with two stable instances and three of the canary, and the signal `recovery`.
struct Shop : Rig {
  Shop() : world_(world()) {
    set_workload("command", eval::Value::list({text(SHOP_DIRECTORY "/shop-${version}"), text("--port"),
                                               text("${port}")}));
    plan.services[0].bindings.push_back({"Chaos", 0, plan.services[0].bindings[0].config});
    plan.signals.push_back({0, "recovery", 0, "recovery", {}, plan::Evidence::Value, eval::Value::Kind::Duration});
    plan.signals.push_back({0, "unhealthy", 0, "unhealthy", {}, plan::Evidence::Value, eval::Value::Kind::Percent});
    world_ = world();
    REQUIRE(carry_out(*world_, install("shop:1.0", 2), key(1)).seen == Seen::Present);
    REQUIRE(carry_out(*world_, deploy("shop:1.1", canaries), key(1)).seen == Seen::Present);
  }
  /// `killed(checkout, canary) = count`; 0: none.
  plan::Action kill(int64_t count) {
    plan::Action action = deploy("shop:1.1", canaries);
    action.capability = "Chaos";
    action.name = count == 0 ? "lift" : "kill_instances";
    action.text = action.name + " checkout";
    eval::Value value = count == 0 ? eval::Value() : eval::Value::of(eval::Value::Kind::Int, count);
    action.sets = {{plan::Variable::Killed, plan::Role::Canary, value}};
    return action;
  }
  backend::LocalState state() {
    Result<backend::LocalState> read = backend::load_local(effects.files, directory.path + "/run", "checkout");
    REQUIRE(read);
    return std::move(*read);
  }
  std::set<effects::ProcessId> running(backend::Track track) {
    backend::LocalState now = state();
    std::set<effects::ProcessId> out;
    for (const backend::Instance& instance : now.instances)
      if (now.set(instance.set)->track == track && effects.processes.look(instance.process).alive)
        out.insert(instance.process);
    return out;
  }
  exec::Reading recovery() { return world_->sample(plan, {{0, plan::Role::Canary, 0}})[0]; }
  double unhealthy() { return world_->sample(plan, {{1, plan::Role::Canary, 0}})[0].value; }
  bool tended_until_ready() {
    return eventually(effects, 10 * second_ns, [&] {
      for (const std::string& line : world_->tend({1})) said += line + "\n";
      return state().fault && state().fault->recovered_ns != 0;
    });
  }
  std::unique_ptr<backend::LiveWorld> world_;
  std::string said;
};

std::set<effects::ProcessId> both(const std::set<effects::ProcessId>& a, const std::set<effects::ProcessId>& b) {
  std::set<effects::ProcessId> out;
  for (const effects::ProcessId& one : a)
    if (b.count(one) > 0) out.insert(one);
  return out;
}

}  // namespace

TEST_CASE("a killed canary comes back, and the time it took is known", "[chaos]") {
  Shop shop;
  CHECK(shop.recovery().status == exec::Reading::Status::NoData);
  const auto stable = shop.running(backend::Track::Stable), canary = shop.running(backend::Track::Canary);
  REQUIRE(canary.size() == size_t(canaries));
  REQUIRE(shop.carry_out(*shop.world_, shop.kill(2), shop.key(1)).seen == Seen::Present);
  CHECK(shop.running(backend::Track::Stable) == stable);
  CHECK(both(shop.running(backend::Track::Canary), canary).size() == size_t(canaries - 2));
  CHECK(shop.unhealthy() == Approx(2e9 / 3));
  const exec::Reading meanwhile = shop.recovery();
  CHECK(meanwhile.detail == "has not recovered yet");
  REQUIRE(shop.tended_until_ready());
  CHECK(shop.said.find("the canary of checkout recovered after ") != std::string::npos);
  CHECK(shop.unhealthy() == 0);
  const exec::Reading after = shop.recovery();
  CHECK(after.status == exec::Reading::Status::Ok);
  CHECK(after.value >= meanwhile.value);
  CHECK(after.value < 10e9);
  CHECK(shop.recovery().value == after.value);
  CHECK(shop.running(backend::Track::Canary).size() == size_t(canaries));
  // A process that takes over sees it done, and what recovered stays when the fault is lifted.
  const Result<exec::Observation> seen = shop.world()->observe(shop.kill(2), shop.key(1));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Present);
  const auto recovered = shop.running(backend::Track::Canary);
  CHECK(shop.carry_out(*shop.world_, shop.kill(0), shop.key(1)).seen == Seen::Present);
  CHECK(shop.running(backend::Track::Canary) == recovered);
  CHECK(shop.recovery().status == exec::Reading::Status::NoData);
}

TEST_CASE("a crash before the kill neither forgets nor doubles it", "[chaos]") {
  Shop shop;
  const auto canary = shop.running(backend::Track::Canary);
  backend::LocalState state = shop.state();
  const effects::ProcessId last = state.instances.back().process;
  REQUIRE(canary.count(last) == 1);
  // As if the process had died behind the record: its victim is not the one that a new choice would make.
  state.fault = backend::LocalFault{shop.key(1).text(), {last}, shop.effects.clock.monotonic_ns(), 0};
  REQUIRE(backend::save_local(shop.effects.files, shop.directory.path + "/run", "checkout", state));
  const auto later = shop.world();
  const Result<exec::Observation> seen = later->observe(shop.kill(1), shop.key(1));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Absent);
  REQUIRE(shop.carry_out(*later, shop.kill(1), shop.key(1)).seen == Seen::Present);
  CHECK(shop.running(backend::Track::Canary).count(last) == 0);
  CHECK(both(shop.running(backend::Track::Canary), canary).size() == size_t(canaries - 1));
  REQUIRE(shop.tended_until_ready());
  const auto recovered = shop.running(backend::Track::Canary);
  // Called again, also by a second attempt, nobody is killed: those who came back are no victims.
  CHECK(later->act(shop.kill(1), shop.key(1)));
  CHECK(later->act(shop.kill(1), shop.key(1, 2)));
  CHECK(shop.running(backend::Track::Canary) == recovered);
}

TEST_CASE("what does not run is not killed, and a fault ends with its canary", "[chaos]") {
  Shop shop;
  const Status refused = shop.world_->act(shop.kill(canaries + 1), shop.key(1));
  REQUIRE(!refused);
  CHECK(refused.error().message ==
        "3 of the canary's instances of checkout run, 4 are to be killed; none was");
  CHECK(shop.running(backend::Track::Canary).size() == size_t(canaries));
  REQUIRE(shop.carry_out(*shop.world_, shop.kill(1), shop.key(1)).seen == Seen::Present);
  CHECK(shop.carry_out(*shop.world_, shop.kill(0), shop.key(1)).seen == Seen::Present);
  CHECK(shop.carry_out(*shop.world_, shop.retire(), shop.key(1)).seen == Seen::Present);
  CHECK(shop.running(backend::Track::Canary).empty());
  CHECK(!shop.state().fault);
}

}  // namespace rollout::test
