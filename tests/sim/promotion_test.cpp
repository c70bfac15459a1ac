// Promotions in the simulated world: through three environments, stopped, aborted, parked; and killed at every
// operation of the promotion and of its runs.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/sim/simulate_promotion.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

namespace {

using journal::Outcome;
using journal::PromotionOutcome;
using sim::PromotionResult;
using sim::PromotionScript;

constexpr int64_t hold = 30 * second, hour = 60 * minute;

/// dev then staging soak 1h then production.
PromotionScript three() {
  PromotionScript script;
  script.promotion = "ship";
  script.rollout = "release";
  for (const char* environment : {"dev", "staging", "production"}) {
    script.stages.push_back({environment, 0, canary_plan(hold), {}});
    script.stages.back().plan.environment = environment;
  }
  script.stages[1].soak_ns = hour;
  return script;
}

PromotionResult run(const PromotionScript& script) {
  PromotionResult result = sim::simulate_promotion(script);
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  return result;
}

std::vector<bool> entered(const PromotionResult& result) {
  std::vector<bool> out;
  for (const auto& stage : result.stages) out.push_back(stage.has_value());
  return out;
}

/// What was done in each environment, whoever did it.
std::vector<std::string> effects_of(const PromotionResult& result) {
  std::vector<std::string> out;
  for (size_t i = 0; i < result.stages.size(); ++i) {
    if (!result.stages[i]) continue;
    for (const sim::LedgerEntry& entry : result.stages[i]->ledger)
      out.push_back(fmt::format("{} {}{} {}", i, entry.undo ? "undo" : "step", entry.step, entry.text));
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The process dies at each operation once, and again `gap` operations later where one is given.
void crash_everywhere(const PromotionScript& script, int64_t gap = 0, int64_t stride = 1) {
  PromotionResult quiet = run(script);
  int failures = 0;
  for (int64_t point = 0; point < quiet.operations && failures < 5; point += stride) {
    PromotionScript killed = script;
    killed.crash_at = {point};
    if (gap > 0) killed.crash_at.push_back(point + gap);
    PromotionResult result = sim::simulate_promotion(killed);
    for (const std::string& violation : sim::texts_of(result.violations))
      UNSCOPED_INFO(fmt::format("crash at {}: {}", point, violation));
    bool same = result.violations.empty() && result.outcome == quiet.outcome && entered(result) == entered(quiet) &&
                (script.abort_at_ns || effects_of(result) == effects_of(quiet));
    if (!same) UNSCOPED_INFO(fmt::format("crash at {}: ends otherwise: {}", point, result.cause));
    CHECK(same);
    CHECK(result.processes >= 2);
    failures += same ? 0 : 1;
  }
  CHECK(quiet.operations > 100);
}

}  // namespace

TEST_CASE("a promotion goes through its environments and leaves one alone in between") {
  PromotionResult result = run(three());
  CHECK(result.outcome == Outcome::Succeeded);
  CHECK(entered(result) == std::vector<bool>{true, true, true});
  CHECK(result.run_ns >= hour + 6 * hold);
  const auto& stages = result.state.stages;
  CHECK(stages[1].entered_wall_ns - stages[0].ended->wall_ns < second);
  CHECK(stages[2].entered_wall_ns - stages[1].ended->wall_ns >= hour);
  REQUIRE(result.state.ended);
  CHECK(result.state.ended->detail == "dev, staging and production");
}

TEST_CASE("a bad version stops where it is seen, and the next environment is not entered") {
  PromotionScript script = three();
  script.stages[1].scenario.truths = {errors(plan::Role::Canary, 20)};
  PromotionResult result = run(script);
  CHECK(result.outcome == Outcome::RolledBack);
  CHECK(entered(result) == std::vector<bool>{true, true, false});
  REQUIRE(result.state.ended);
  CHECK(result.state.ended->outcome == PromotionOutcome::Stopped);
  CHECK(result.cause.find("staging went back: ") == 0);
  CHECK(result.cause.find("; production not entered") != std::string::npos);
}

TEST_CASE("a promotion waits for the people of an environment, and is parked with it") {
  PromotionScript script = three();
  script.stages[2].plan = approval_plan(plan::Unapproved::Park);
  script.stages[2].plan.environment = "production";
  PromotionResult parked = run(script);
  CHECK(parked.outcome == Outcome::Parked);
  CHECK_FALSE(parked.state.ended);
  script.stages[2].scenario.answers = {{"anna", minute}, {"ben", 2 * minute}};
  CHECK(run(script).outcome == Outcome::Succeeded);
}

TEST_CASE("an abort ends a promotion wherever it stands") {
  PromotionScript script = three();
  int64_t length = run(script).run_ns;
  for (int64_t at = 0; at < length; at += 20 * second) {
    INFO(at / second);
    script.abort_at_ns = at;
    PromotionResult result = run(script);
    REQUIRE(result.state.ended);
    CHECK(result.state.ended->outcome == PromotionOutcome::Aborted);
    CHECK(result.outcome != Outcome::Succeeded);
  }
  // During the soak nothing goes back; production is not entered.
  script.abort_at_ns = 30 * minute;
  PromotionResult soaking = run(script);
  CHECK(soaking.outcome == Outcome::Parked);
  CHECK(entered(soaking) == std::vector<bool>{true, true, false});
  CHECK(soaking.cause == "aborted by scenario: scripted; production not entered; dev and staging with what was brought "
                         "there");
  CHECK(soaking.run_ns == 30 * minute);
}

TEST_CASE("a promotion survives a crash at every operation") {
  crash_everywhere(three());
  PromotionScript bad = three();
  bad.stages[1].scenario.truths = {errors(plan::Role::Canary, 20)};
  crash_everywhere(bad);
  crash_everywhere(bad, 3, 2);
}

TEST_CASE("an aborted promotion survives a crash at every operation") {
  PromotionScript script = three();
  for (int64_t at : {40 * second, 30 * minute}) {
    script.abort_at_ns = at;
    crash_everywhere(script);
  }
}

TEST_CASE("a promotion is taken back from the last environment to the first, whoever dies on the way") {
  PromotionScript script = three();
  script.take_back_after_ns = hour;
  PromotionResult quiet = run(script);
  REQUIRE(quiet.state.ended);
  CHECK(quiet.state.ended->outcome == PromotionOutcome::RolledBack);
  CHECK(quiet.outcome == Outcome::RolledBack);
  std::vector<uint32_t> order;
  for (const journal::PromotionEvent& event : quiet.events)
    if (const auto* back = std::get_if<journal::StageTakenBack>(&event.what)) order.push_back(back->stage);
  CHECK(order == std::vector<uint32_t>{2, 1, 0});
  crash_everywhere(script);
  crash_everywhere(script, 3, 2);
}

TEST_CASE("an environment that does not go back ends the way, and those before it keep the version") {
  PromotionScript script = three();
  script.stages[1].plan = commit_plan();
  script.stages[1].plan.environment = "staging";
  script.take_back_after_ns = hour;
  PromotionResult result = run(script);
  REQUIRE(result.state.ended);
  CHECK(result.state.ended->outcome == PromotionOutcome::Stopped);
  CHECK(result.state.ended->detail == "staging did not go back, and the environments before it keep the version");
  CHECK(result.state.stages[2].taken_back->outcome == Outcome::RolledBack);
  CHECK(!result.state.stages[0].taken_back);
}

TEST_CASE("a dead process does not make the soak longer, nor shorter") {
  PromotionScript script = three();
  PromotionResult quiet = run(script);
  // Right behind the record that staging has ended.
  size_t ended = 0;
  for (size_t i = 0; i < quiet.events.size(); ++i)
    if (const auto* e = std::get_if<journal::StageEnded>(&quiet.events[i].what); e && e->stage == 1) ended = i;
  REQUIRE(ended > 0);
  for (int64_t downtime : {minute, 2 * hour}) {
    script.crash_at = {quiet.durable_at[ended]};
    script.downtime_ns = downtime;
    const auto& stages = run(script).state.stages;
    int64_t alone = stages[2].entered_wall_ns - stages[1].ended->wall_ns;
    CHECK(alone >= std::max(hour, downtime));
    CHECK(alone < std::max(hour, downtime) + second);
  }
}

}  // namespace rollout::sim_test
