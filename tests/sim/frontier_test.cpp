// The frontier: what it says is what a look at every step would say, whatever moves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "runtime/exec/fold.h"
#include "runtime/exec/frontier.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

using exec::Frontier;
using exec::StepSet;
using exec::StepStatus;

namespace {

using Steps = std::vector<uint32_t>;

Steps all_of(const StepSet& set) {
  Steps out;
  for (uint32_t step : set) out.push_back(step);
  return out;
}

template <typename Wanted>
Steps scan(size_t count, Wanted wanted) {
  Steps out;
  for (uint32_t i = 0; i < count; ++i)
    if (wanted(i)) out.push_back(i);
  return out;
}

template <typename StatusOf>
void check_scan(const Frontier& frontier, const std::vector<plan::Step>& steps, StatusOf status) {
  Steps ready = scan(steps.size(), [&](uint32_t i) {
    const std::vector<uint32_t>& after = steps[i].after;
    return status(i) == StepStatus::Pending && std::all_of(after.begin(), after.end(), [&](uint32_t before) {
             return status(before) == StepStatus::Done;
           });
  });
  CHECK(all_of(frontier.ready()) == ready);
  CHECK(all_of(frontier.underway()) == scan(steps.size(), [&](uint32_t i) {
          return status(i) == StepStatus::Begun || status(i) == StepStatus::Pausing;
        }));
  CHECK(all_of(frontier.failed()) == scan(steps.size(), [&](uint32_t i) { return status(i) == StepStatus::Failed; }));
}

}  // namespace

TEST_CASE("a set of steps is walked in order, whatever is put in and taken out") {
  std::mt19937_64 random(7);
  for (size_t limit : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{4096}, size_t{4097}, size_t{300'000}}) {
    StepSet set(limit);
    std::set<uint32_t> same;
    for (int i = 0; i < 500; ++i) {
      uint32_t step = uint32_t(random() % limit);
      if (random() % 3 == 0) {
        set.erase(step);
        same.erase(step);
      } else {
        set.insert(step);
        same.insert(step);
      }
      REQUIRE(set.empty() == same.empty());
      uint32_t from = uint32_t(random() % limit);
      auto next = same.lower_bound(from);
      REQUIRE(set.next(from) == (next == same.end() ? plan::none : *next));
    }
    CHECK(all_of(set) == Steps(same.begin(), same.end()));
    CHECK(set.next(uint32_t(limit)) == plan::none);
  }
  CHECK(StepSet().empty());
}

TEST_CASE("in a random graph, under random moves, the frontier is what a scan finds") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<plan::Step> steps(1 + random() % 150);
    for (uint32_t i = 1; i < steps.size(); ++i)
      for (uint64_t n = random() % 4; n > 0; --n) steps[i].after.push_back(uint32_t(random() % i));
    Frontier frontier(steps);
    std::vector<StepStatus> status(steps.size(), StepStatus::Pending);
    for (int i = 0; i < 300; ++i) {
      uint32_t step = uint32_t(random() % steps.size());
      StepStatus to = StepStatus(random() % 5);
      frontier.move(step, status[step], to);
      status[step] = to;
      if (i % 10 == 0) check_scan(frontier, steps, [&](uint32_t at) { return status[at]; });
    }
  }
}

TEST_CASE("after every event of random runs the frontier is what a scan finds") {
  size_t events = 0;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    plan::Plan plan = random_plan(seed);
    sim::SimResult result = run(plan, random_world(plan, seed, random_span));
    exec::State state = exec::initial_state(plan);
    for (const journal::Event& event : result.events) {
      exec::fold(state, plan, event);
      check_scan(state.frontier, plan.steps, [&](uint32_t at) { return state.steps[at].status; });
      ++events;
    }
  }
  CHECK(events > 500);
}

}  // namespace rollout::sim_test
