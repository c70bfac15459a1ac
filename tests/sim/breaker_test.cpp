// Systems that do not answer: for how long they are left alone, what else goes on meanwhile, and what a run makes of
// their return.
#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/exec/breaker.h"
#include "runtime/exec/drive.h"
#include "runtime/exec/endpoint.h"
#include "runtime/exec/executor.h"
#include "runtime/journal/memory_store.h"
#include "runtime/sim/virtual_clock.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"

namespace rollout::sim_test {

using exec::Breaker;
using exec::BreakerPhase;
using exec::Seen;
using journal::Outcome;
using sim::FaultKind;

namespace {

/// Targets that are away until a moment, each call to them for so long; what is done is there after so many looks.
struct Outage : exec::World {
  explicit Outage(sim::VirtualClock& of_clock) : clock(of_clock) {}
  bool fails(const plan::Action& action) {
    if (away.count(action.target) == 0 || clock.monotonic_ns() >= until_ns) return false;
    clock.pass(call_ns);
    return true;
  }
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
    called_ns.push_back(clock.monotonic_ns());
    calls_of[action.target].push_back(clock.monotonic_ns());
    if (fails(action)) return OpError{"503", true};
    auto done = left.find(key.text());
    if (done == left.end()) return exec::Observation{Seen::Absent, "not there"};
    if (done->second > 0) --done->second;
    if (done->second > 0) return exec::Observation{Seen::Underway, "underway"};
    return exec::Observation{Seen::Present, "there"};
  }
  Status act(const plan::Action& action, const exec::EffectKey& key) override {
    called_ns.push_back(clock.monotonic_ns());
    if (fails(action)) return OpError{"503", true};
    left[key.text()] = looks;
    return Done{};
  }
  std::vector<exec::Reading> sample(const plan::Plan&, const std::vector<plan::Term>& terms) override {
    return std::vector<exec::Reading>(terms.size());
  }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }

  sim::VirtualClock& clock;
  std::set<uint32_t> away;
  int64_t until_ns = INT64_MAX, call_ns = 0;
  int looks = 1;
  std::map<std::string, int> left;         ///< looks until it is there, by effect
  std::vector<int64_t> called_ns;
  std::map<uint32_t, std::vector<int64_t>> calls_of;  ///< looks, by target
};

struct Silent : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

exec::State drive(const plan::Plan& plan, journal::MemoryStore& store, Outage& world, const std::string& hash) {
  Result<journal::RunInfo> run = store.create({plan.rollout, "", hash, {"checkout"}, "a test", world.clock.wall_ns()});
  REQUIRE(run);
  Silent silent;
  Result<exec::DriveResult> driven = exec::drive(
      plan, run->run, {world.clock, store, world, silent, [] { return 0; }, "a test", 3'600 * second});
  REQUIRE(driven);
  return driven->state;
}

/// One action that may wait for `within_ns` and is tried three times.
plan::Plan one_step(int64_t within_ns) {
  plan::Plan plan = ungated_plan();
  plan.steps.resize(1);
  plan.steps[0].action.within_ns = within_ns;
  return plan;
}

/// As many branches as targets, an action each.
plan::Plan branches(uint32_t count) {
  plan::Plan plan = one_step(5 * minute);
  for (uint32_t i = 1; i < count; ++i) {
    plan.steps.push_back(plan.steps[0]);
    plan.services.push_back(plan.services[0]);
    plan.services[i].name += std::to_string(i);
    plan.targets.push_back({fmt::format("hosts{}", i), "local", {}});
    plan.steps[i].action.service = i;
    plan.steps[i].action.target = uint32_t(plan.targets.size() - 1);
  }
  return plan;
}

int64_t most_in_a_second(std::vector<int64_t> moments) {
  std::sort(moments.begin(), moments.end());
  size_t most = 0;
  for (size_t first = 0, last = 0; last < moments.size(); ++last) {
    while (moments[last] - moments[first] >= second) ++first;
    most = std::max(most, last - first + 1);
  }
  return int64_t(most);
}

}  // namespace

TEST_CASE("a breaker opens after failures in a row, for longer each time, and closes with the first answer") {
  exec::Walked walked;
  Breaker breaker;
  int64_t now = 100 * second;
  for (int i = 1; i < exec::failures_to_trip; ++i) CHECK_FALSE(breaker.fail(second, now, walked));
  CHECK(breaker.fail(breaker.alone_for(0, now), now, walked));
  CHECK(breaker.until_ns == now + exec::first_alone_ns);
  CHECK_FALSE(breaker.fail(second, now, walked));  // of a way back: nothing changes
  CHECK(breaker.until_ns == now + exec::first_alone_ns);
  for (int64_t expected : {2, 4, 8, 16, 20, 20}) {
    now = breaker.until_ns;
    breaker.fail(breaker.alone_for(0, now), now, walked);
    CHECK(breaker.until_ns == now + expected * second);
  }
  CHECK(breaker.answer(breaker.until_ns, walked));
  CHECK(breaker.phase == BreakerPhase::Closed);
  // Soon after that it goes on where it was; later it begins anew.
  CHECK(breaker.alone_for(0, breaker.answered_ns + second) == exec::most_alone_ns);
  CHECK(breaker.alone_for(0, breaker.answered_ns + exec::calm_ns) == exec::first_alone_ns);
  CHECK(breaker.alone_for(3 * second, breaker.answered_ns + exec::calm_ns) == 12 * second);
  breaker.failures = exec::failures_to_trip - 1;
  now = breaker.answered_ns + second;
  CHECK(breaker.fail(second, now, walked));
  CHECK(breaker.answer(now + 1, walked));  // a call of a way back
  CHECK(walked.breaker.all());
}

TEST_CASE("calls are repeated ten at once, and then one a second") {
  Breaker breaker;
  std::vector<int64_t> at;
  for (int i = 0; i < 13; ++i) {
    at.push_back(breaker.repeat_at(minute));
    breaker.take_repeat(at.back());
  }
  CHECK(at[9] == minute);
  CHECK(at[10] == minute + second);
  CHECK(at[12] == minute + 3 * second);
  CHECK(breaker.repeat_at(2 * minute) == 2 * minute);
}

TEST_CASE("hosts are endpoints of their own, and targets that name none are one") {
  plan::Plan plan = one_step(minute);
  CHECK(exec::endpoint_of(plan, plan.steps[0].action) == "hosts");
  plan.services[0].bindings = {
      {"Host", 0, {{"host", eval::Value::of(eval::Value::Kind::String, std::string("web-1"))}}}};
  CHECK(exec::endpoint_of(plan, plan.steps[0].action) == "web-1 of hosts");
}

TEST_CASE("500 runs wait while a system answers 503 for five minutes; all succeed, and none of them at once") {
  constexpr int runs = 500;
  constexpr int64_t outage = 5 * minute;
  plan::Plan plan = one_step(4 * minute);
  journal::MemoryStore store;
  std::vector<int64_t> during, returned;
  for (int i = 0; i < runs; ++i) {
    sim::VirtualClock clock;
    Outage world(clock);
    world.away = {0};
    world.until_ns = outage;
    exec::State state = drive(plan, store, world, fmt::format("h{}", i));
    REQUIRE(state.ended);
    CHECK(state.ended->outcome == Outcome::Succeeded);
    CHECK(state.away.empty());
    CHECK(state.run_ns <= outage + exec::most_alone_ns + 2 * second);
    auto first = std::find_if(world.called_ns.begin(), world.called_ns.end(), [](int64_t at) { return at >= outage; });
    REQUIRE(first != world.called_ns.end());
    returned.push_back(*first);
    for (int64_t at : world.called_ns)
      if (at >= minute && at < outage) during.push_back(at);
  }
  // At the full pauses of 20s, spread between half and all of them, 500 runs are 33 calls a second.
  CHECK(most_in_a_second(returned) <= 90);
  CHECK(most_in_a_second(during) <= 90);
  CHECK(int64_t(during.size()) <= runs * (outage - minute) / (exec::most_alone_ns / 2) + runs);
}

TEST_CASE("a call that comes back with 503 is made again within its attempt, which fails nothing") {
  sim::Scenario scenario;
  scenario.faults = {fault(FaultKind::Busy, "deploy", -1)};
  scenario.faults[0].until_ns = 20 * second;
  sim::SimResult result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(result.ledger.size() == 4);
  auto failed = [](const journal::Event& event) { return std::holds_alternative<journal::StepFailed>(event.what); };
  CHECK(std::none_of(result.events.begin(), result.events.end(), failed));
  // For good, it fails within the time that the proofs count: three attempts of 30s, and 3s between them.
  scenario.faults[0].until_ns = INT64_MAX;
  result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  auto last = std::find_if(result.events.begin(), result.events.end(), [](const journal::Event& event) {
    const auto* e = std::get_if<journal::StepFailed>(&event.what);
    return e != nullptr && e->last;
  });
  REQUIRE(last != result.events.end());
  CHECK(last->run_ns <= 93 * second);
  CHECK(std::get<journal::StepFailed>(last->what).detail.find("503") != std::string::npos);
}

TEST_CASE("what hangs keeps no look of another branch waiting for longer than one call") {
  sim::VirtualClock clock;
  Outage world(clock);
  plan::Plan plan = branches(4);
  uint32_t healthy = plan.steps[3].action.target;
  world.away = {plan.steps[0].action.target, plan.steps[1].action.target, plan.steps[2].action.target};
  world.call_ns = 5 * second;
  world.until_ns = 4 * minute;
  world.looks = 30;
  journal::MemoryStore store;
  exec::State state = drive(plan, store, world, "h");
  CHECK(state.ended->outcome == Outcome::Succeeded);
  const std::vector<int64_t>& looks = world.calls_of[healthy];
  REQUIRE(looks.size() > 30);
  for (size_t i = 1; i < 30; ++i) CHECK(looks[i] - looks[i - 1] <= exec::max_look_ns + world.call_ns);
}

TEST_CASE("the record says when a system is away and when it is back, once each") {
  sim::Scenario scenario;
  scenario.faults = {fault(FaultKind::ObserveError, "deploy", -1)};
  scenario.faults[0].until_ns = 20 * second;
  sim::SimResult result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::Succeeded);
  int away = 0, back = 0;
  for (const journal::Event& event : result.events) {
    if (const auto* e = std::get_if<journal::EndpointAway>(&event.what)) {
      ++away;
      CHECK(e->endpoint == "hosts");
      CHECK(e->detail == "the simulated system does not answer");
    }
    if (const auto* e = std::get_if<journal::EndpointBack>(&event.what)) {
      ++back;
      CHECK(e->away_ns <= 20 * second + exec::most_alone_ns);
    }
  }
  CHECK(away == 1);
  CHECK(back == 1);
}

TEST_CASE("a way back does not wait for a breaker") {
  sim::Scenario scenario;
  scenario.faults = {fault(FaultKind::ObserveError, "shift", -1)};
  scenario.faults[0].undo = false;
  scenario.abort_at_ns = 20 * second;  // the router is left alone by then
  sim::SimResult result = run(canary_plan(), scenario);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(result.rollback_ns < second);
}

}  // namespace rollout::sim_test
