// The examples as people write them: every rollout of every file is compiled, planned and driven through crashes at
// every point, in a good world and in one whose canary fails; and through random worlds.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/sim/crash.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

namespace {

constexpr int64_t max_gap = 6;
constexpr int64_t samples_apart = 16;   // of a run of hours; at night all of them are tried
constexpr int64_t short_run = 1500;  // operations: so many points can all be tried

void require_clean(const Example& example, const CrashReport& report) {
  INFO(example.name);
  for (const std::string& failure : report.failures) UNSCOPED_INFO(failure);
  CHECK(report.failures.empty());
  CHECK(report.points > 0);
}

// A short run is tried at every point; a run of hours around its events, at night at every point as well.
CrashReport crash(const Example& example, const sim::Scenario& world, int64_t operations) {
  constexpr int64_t others = 12;
  if (operations > short_run && !seeds().all_points)
    return crash_around_events(example.plan, world, others, 2);
  CrashReport report = crash_everywhere(example.plan, world);
  CrashReport twice = crash_while_recovering(example.plan, world, max_gap, max_gap);
  report.points += twice.points;
  report.failures.insert(report.failures.end(), twice.failures.begin(), twice.failures.end());
  return report;
}

}  // namespace

TEST_CASE("the examples survive a crash at every point", "[examples]") {
  for (const Example& example : examples(ROLLOUT_EXAMPLES)) {
    for (bool good : {true, false}) {
      sim::Scenario world = good ? good_world(example.plan) : bad_world(example.plan);
      sim::SimResult quiet = sim::run_simulation(example.plan, world);
      INFO(example.name << (good ? ", good world: " : ", bad world: ") << quiet.cause);
      bool judged = !example.plan.gates.empty() && !world.truths.empty();
      CHECK(quiet.outcome ==
            (judged ? journal::Outcome::RolledBack : journal::Outcome::Succeeded));
      CrashReport report = crash(example, world, quiet.operations);
      require_clean(example, report);
      WARN(fmt::format("{}, {} world: {} operations, {} runs with crashes", example.name,
                       good ? "good" : "bad", quiet.operations, report.points));
    }
  }
}

// Without a router only `promote` sets a share, and its way back sets a version alone.
TEST_CASE("the check after a rollback does not set again what was taken back", "[examples]") {
  for (const Example& example : examples(ROLLOUT_EXAMPLES)) {
    if (example.name != "shop.rollout: release") continue;
    for (int64_t at = 0; at < 12; ++at)
      for (bool reset : {false, true}) {
        INFO(at << (reset ? " s, with a reset" : " s"));
        sim::Scenario world = good_world(example.plan);
        world.abort_at_ns = at * second;
        if (reset) world.faults = {fault(sim::FaultKind::RouterReset)};
        sim::SimResult result = sim::run_simulation(example.plan, world);
        CHECK(result.outcome == journal::Outcome::RolledBack);
        CHECK(sim::texts_of(result.violations) == std::vector<std::string>());
      }
  }
}

namespace {

// Thousands of records make thousands of runs of hours: two tests of their own, one for each core, beside the others.
void crash_after_every_record(int64_t half) {
  const int64_t sample_stride = seeds().all_points ? 1 : samples_apart;
  for (const Example& example : examples(ROLLOUT_EXAMPLES)) {
    sim::SimResult quiet = sim::run_simulation(example.plan, good_world(example.plan));
    if (quiet.operations <= short_run) continue;
    CrashReport report = crash_after_records(example.plan, good_world(example.plan), half, 2, sample_stride);
    require_clean(example, report);
    WARN(fmt::format("{}: {} events, {} runs with a crash", example.name, quiet.events.size(), report.points));
  }
}

}  // namespace

TEST_CASE("a run of hours survives a crash after every journal record: the even ones", "[.every-record-even]") {
  crash_after_every_record(0);
}

TEST_CASE("a run of hours survives a crash after every journal record: the odd ones", "[.every-record-odd]") {
  crash_after_every_record(1);
}

TEST_CASE("no seed breaks an invariant of an example", "[examples]") {
  for (const Example& example : examples(ROLLOUT_EXAMPLES)) {
    sim::SimResult quiet = sim::run_simulation(example.plan, good_world(example.plan));
    Span span{std::max<int64_t>(quiet.run_ns, second), quiet.operations};
    int failures = 0;
    // As many as cost the same: a world of a long run counts for many of a short one.
    int64_t count = std::clamp<int64_t>(seeds().count * 100 / std::max<int64_t>(1, span.operations),
                                        seeds().count / 200, seeds().count / 10);
    for (int64_t seed = seeds().first; seed < seeds().first + count && failures < 5; ++seed) {
      sim::SimResult result =
          sim::run_simulation(example.plan, random_world(example.plan, uint64_t(seed), span));
      for (const std::string& violation : sim::texts_of(result.violations))
        UNSCOPED_INFO(fmt::format("{}, seed {}: {}", example.name, seed, violation));
      CHECK(result.violations.empty());
      failures += result.violations.empty() ? 0 : 1;
    }
  }
}

}  // namespace rollout::sim_test
