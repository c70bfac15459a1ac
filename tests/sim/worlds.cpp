#include "tests/sim/worlds.h"

#include <algorithm>

#include "runtime/sim/random.h"
#include "tests/sim/plans.h"

namespace rollout::sim_test {

using plan::Role;
using sim::Fault;
using sim::FaultKind;
using sim::Random;
using sim::Scenario;

namespace {

constexpr double percent = 1e7;  // in ppb

/// Of the plan's steps and of its way back, and all of them at once.
std::vector<std::string> actions_of(const plan::Plan& plan) {
  std::vector<std::string> names = {"", "restore"};
  auto add = [&](const plan::Action& action) {
    if (std::find(names.begin(), names.end(), action.name) == names.end()) names.push_back(action.name);
  };
  for (const plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::Act) add(step.action);
  for (const plan::Action& action : plan.undo) add(action);
  return names;
}

Fault random_fault(Random& random, const std::vector<std::string>& actions, int64_t run_ns) {
  constexpr FaultKind kinds[] = {FaultKind::FailAction,   FaultKind::LoseReply,
                                 FaultKind::SlowAction,   FaultKind::DieAtOnce,
                                 FaultKind::ObserveError, FaultKind::MetricsError,
                                 FaultKind::MetricsEmpty, FaultKind::RouterReset,
                                 FaultKind::StoreAway,    FaultKind::LoseEffect,
                                 FaultKind::Busy,         FaultKind::StoreRefuses,
                                 FaultKind::StoreGone,    FaultKind::StoreLosesReply,
                                 FaultKind::StorePoisoned, FaultKind::Unsettled};
  constexpr int most_poisoned = 3;  // until somebody has mended the record
  Fault out;
  out.kind = kinds[random.below(std::size(kinds))];
  out.action = actions[random.below(int64_t(actions.size()))];
  out.times = random.chance(0.2) ? -1 : int(1 + random.below(4));
  out.skip = random.chance(0.5) ? 0 : int(random.below(3));
  out.from_ns = random.chance(0.5) ? 0 : random.below(run_ns);
  out.until_ns = random.chance(0.3) ? INT64_MAX : out.from_ns + random.below(60 * second);
  out.delay_ns = random.below(60 * second);
  bool counts_calls = out.kind == FaultKind::StoreRefuses || out.kind == FaultKind::StoreLosesReply;
  if (out.kind == FaultKind::StoreAway || out.kind == FaultKind::StoreGone || counts_calls)
    out.until_ns = out.from_ns + random.below(60 * second);
  if (out.kind == FaultKind::StorePoisoned)
    out.times = int(1 + random.below(most_poisoned)), out.skip = 0;
  return out;
}

}  // namespace

uint32_t signal_named(const plan::Plan& plan, std::string_view name) {
  for (uint32_t i = 0; i < plan.signals.size(); ++i)
    if (plan.signals[i].name == name) return i;
  return plan::none;
}

plan::Plan random_plan(uint64_t seed) {
  switch (seed % 8) {
    case 0: return ungated_plan();
    case 1: return canary_plan(20 * second, false);
    case 2: return canary_plan(13 * second, true);
    case 3: return scoped_plan();
    case 4: return control_plan();
    default: return canary_plan(minute, seed % 2 == 0);
  }
}

Scenario random_world(const plan::Plan& plan, uint64_t seed, Span span) {
  Random random(seed * 7919 + 13);
  const std::vector<std::string> actions = actions_of(plan);
  Scenario scenario;
  scenario.seed = seed;
  scenario.at_once = seed % 3 == 0 ? 4 : 1;
  // Else no run is long enough for one.
  if (seed % 4 != 0) scenario.snapshot_tail = int64_t(1 + seed % 7);
  scenario.noisy = random.chance(0.5);
  scenario.settle_ns = random.chance(0.5) ? 0 : random.below(10 * second);
  scenario.downtime_ns = random.below(30 * second);
  auto errs = [&](Role role, int64_t most_percent) {
    double value = double(random.below(most_percent * 10)) / 10 * percent;
    scenario.truths.push_back(
        {signal_named(plan, "error_rate"), role, {{random.below(span.run_ns), value}}});
  };
  if (random.chance(0.4)) errs(Role::Canary, 20);
  if (random.chance(0.2)) errs(Role::Stable, 5);
  if (random.chance(0.2))
    scenario.truths.push_back(
        {signal_named(plan, "latency"), Role::All, {{random.below(span.run_ns), 0.9e9}}});
  int64_t faults = 3 + random.below(4);
  for (int64_t i = 0; i < faults; ++i)
    scenario.faults.push_back(random_fault(random, actions, span.run_ns));
  if (random.chance(0.3)) scenario.abort_at_ns = random.below(span.run_ns);
  if (random.chance(0.2)) scenario.interrupt_at_ns = random.below(span.run_ns);
  int64_t crashes = random.below(5);
  for (int64_t i = 0; i < crashes; ++i)
    scenario.crash_at.push_back(random.below(span.operations));
  scenario.abort_at_success = random.chance(0.1);
  // A person's hand at moments that have nothing to do with the rest. Every pause is lifted some time.
  for (bool line : {false, true}) {
    if (!random.chance(line ? 0.1 : 0.3)) continue;
    int64_t at_ns = random.below(span.run_ns);
    scenario.hands.push_back({at_ns, journal::Ask::Pause, line});
    scenario.hands.push_back({at_ns + random.below(span.run_ns), journal::Ask::Resume, line});
  }
  if (random.chance(0.1)) scenario.hands.push_back({random.below(2 * span.run_ns), journal::Ask::Rollback});
  std::stable_sort(scenario.hands.begin(), scenario.hands.end(),
                   [](const sim::Hand& a, const sim::Hand& b) { return a.at_ns < b.at_ns; });
  if (random.chance(0.2)) scenario.reopen_after_ns = random.below(span.run_ns);
  if (random.chance(0.15)) scenario.held = {0};
  return scenario;
}

}  // namespace rollout::sim_test
