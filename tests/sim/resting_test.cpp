// Holds that rest: what the engine does is what it would do if it looked at each of them, and the queue stays small.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/event_json.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using exec::Command;
using exec::Resting;

namespace {

/// The canary goes to a part of all; then `count` bare holds side by side, each of another length.
plan::Plan many_holds(uint32_t count, int64_t apart_ns) {
  plan::Plan plan = ungated_plan();
  plan.steps.resize(3);
  const plan::Step hold = plan.steps.back();
  for (uint32_t i = 1; i < count; ++i) {
    plan.steps.push_back(hold);
    plan.steps.back().hold_ns += int64_t(i * 7919 % count) * apart_ns;
  }
  return plan;
}

std::string text_of(const Command& command) {
  std::string out = std::to_string(command.index());
  if (const auto* wait = std::get_if<exec::Wait>(&command)) out += " until " + std::to_string(wait->until_ns);
  if (const auto* look = std::get_if<exec::Observe>(&command)) out += " at " + std::to_string(look->step.step);
  if (const auto* sample = std::get_if<exec::Sample>(&command)) out += " hold " + std::to_string(sample->hold.step);
  if (const auto* record = std::get_if<exec::Record>(&command))
    for (const journal::Payload& payload : record->events) out += "\n" + journal::encode({0, 0, payload});
  return out;
}

/// A run whose every command is also asked of a memory in which nothing rests. The router sometimes does not answer,
/// and sometimes shows something else.
class Pair {
 public:
  Pair(const plan::Plan& plan, uint64_t seed)
      : executor_(plan, "r1"), random_(seed), state_(exec::initial_state(plan)) {
    record({journal::RunStarted{"h", "test", {{"checkout", 1}}}});
  }

  void go() {
    while (!state_.ended) {
      exec::Memory forgetful = memory_;
      forgetful.resting.clear();
      const std::string wanted = text_of(executor_.next(state_, forgetful, now_));
      Command command = executor_.next(state_, memory_, now_);
      REQUIRE(text_of(command) == wanted);
      rested_ = std::max(rested_, resting());
      take(command);
    }
  }
  size_t rested() const { return rested_; }
  void pause_at(int64_t from_ns, int64_t until_ns) {
    pause_ns_ = from_ns;
    unpause_ns_ = until_ns;
  }
  const exec::State& state() const { return state_; }

 private:
  size_t resting() const {
    size_t count = 0;
    for ([[maybe_unused]] uint32_t step : memory_.resting.asleep()) ++count;
    return count;
  }
  void record(const std::vector<journal::Payload>& payloads) {
    for (const journal::Payload& payload : payloads) fold(state_, executor_.plan(), {now_, now_, payload});
  }
  void take(const Command& command) {
    if (const auto* records = std::get_if<exec::Record>(&command)) return record(records->events);
    if (const auto* wait = std::get_if<exec::Wait>(&command)) return sleep(wait->until_ns);
    REQUIRE(command.index() != Command(exec::Finish{}).index());
    record(executor_.on(state_, memory_, answer(command), now_));
  }
  void sleep(int64_t until_ns) {
    REQUIRE(until_ns > now_);
    if (now_ < pause_ns_ && pause_ns_ <= until_ns) {
      now_ = pause_ns_;
      return record({journal::Paused{1, "anna", "wait", false}});
    }
    if (now_ < unpause_ns_ && unpause_ns_ <= until_ns) {
      now_ = unpause_ns_;
      return record({journal::Unpaused{2, "anna", "", false}});
    }
    now_ = until_ns;
  }
  exec::Input answer(const Command& command) {
    if (const auto* act = std::get_if<exec::Act>(&command)) return exec::Acted{*act, Done{}};
    if (const auto* sample = std::get_if<exec::Sample>(&command)) return exec::Readings{*sample, {}};
    const auto& look = std::get<exec::Observe>(command);
    uint64_t odd = look.confirm ? random_() % 10 : 10;
    if (odd == 0) return exec::Observed{look, OpError{"it does not answer", true}};
    bool changed = odd == 1 && ++changed_ < exec::max_reassertions;  // more often, and the engine gives up
    return exec::Observed{look, exec::Observation{changed ? exec::Seen::Absent : exec::Seen::Present, ""}};
  }

  exec::Executor executor_;
  std::mt19937_64 random_;
  exec::State state_;
  exec::Memory memory_;
  int64_t now_ = 0, pause_ns_ = INT64_MAX, unpause_ns_ = INT64_MAX;
  size_t rested_ = 0;
  int changed_ = 0;
};

}  // namespace

TEST_CASE("one that rests is due at its moment, once") {
  Resting resting;
  CHECK_FALSE(resting.any());
  resting.wake(70);  // nothing rests: nothing happens
  resting.rest(3, 50, 1, 100);
  resting.rest(70, 30, 2, 100);
  resting.rest(5, 40, 0, 100);
  CHECK(resting.due_ns() == 30);
  CHECK(resting.last_began_ns() == 2);
  resting.wake_due(29);
  CHECK(resting.asleep().contains(70));
  resting.wake(5);
  resting.rest(5, 60, 0, 100);  // with another moment: the one before is void
  resting.wake_due(45);
  CHECK_FALSE(resting.asleep().contains(70));
  CHECK(resting.asleep().contains(5));
  CHECK(resting.due_ns() == 50);
  for (int i = 0; i < 1000; ++i) {
    resting.wake(3);
    resting.rest(3, 50, 1, 100);
  }
  resting.wake_due(50);
  CHECK_FALSE(resting.asleep().contains(3));
  CHECK(resting.due_ns() == 60);  // a thousand times the same moment was one entry
  resting.wake_due(60);
  CHECK_FALSE(resting.any());
}

TEST_CASE("with holds that rest a run is what it is when each of them is looked at") {
  for (int64_t apart : {second, 7 * second, minute, 40 * minute})
    for (uint64_t seed = 0; seed < 5; ++seed) {
      plan::Plan plan = many_holds(30, apart);
      Pair pair(plan, seed);
      if (seed % 2 == 1) pair.pause_at(4 * minute + second / 2, 4 * minute + seed * 3 * minute);
      pair.go();
      CHECK(pair.state().phase == exec::RunPhase::Succeeded);
      CHECK(pair.rested() == 29);  // all but the first one
    }
}

}  // namespace rollout::sim_test
