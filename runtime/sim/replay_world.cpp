#include "runtime/sim/replay_world.h"

#include <algorithm>

#include "compiler/plan/pace.h"
#include "runtime/exec/executor.h"

namespace rollout::sim {

using plan::none;
using verify::Pace;

namespace {

constexpr int64_t margin_ns = 1'000'000;  // before a deadline, and behind a beginning

/// All the time that the engine gives an attempt, so that its last look still finds the effect.
int64_t slowest_ns(const plan::Action& action) {
  int64_t within_ns = action.within_ns > 0 ? action.within_ns : plan::default_within_ns;
  return std::max(within_ns / 2, within_ns - plan::max_look_ns - margin_ns);
}

void slow_down(Scenario& scenario, const plan::Action& action, uint32_t index, bool undo, Pace pace) {
  if (pace == Pace::AtOnce) return;
  Fault fault;
  fault.step = index, fault.undo = undo;
  fault.kind = FaultKind::LoseEffect, fault.times = std::max(1, action.attempts) - 1;
  if (pace == Pace::Worst && fault.times > 0) scenario.faults.push_back(fault);
  fault.kind = FaultKind::SlowAction, fault.times = -1, fault.delay_ns = slowest_ns(action);
  scenario.faults.push_back(fault);
}

/// Each is free just in time: whoever waits looks once a second.
void hold_locks(const plan::Plan& plan, Scenario& scenario) {
  for (const plan::Lock& lock : plan.locks) {
    int64_t begins_ns = span_of(run_simulation(plan, scenario), lock.first_step).begin_ns;
    int64_t spare_ns = std::min(lock.within_ns, 2 * exec::lock_look_ns);
    scenario.locks.push_back({lock.name, 0, begins_ns + lock.within_ns - spare_ns});
  }
}

}  // namespace

Scenario scenario_of(const plan::Plan& plan, const verify::World& world) {
  Scenario scenario;
  scenario.start_wall_ns = world.start_wall_ns;
  scenario.empty_cohorts = world.empty_cohorts;
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].kind == plan::StepKind::Act)
      slow_down(scenario, plan.steps[i].action, i, false,
                plan.steps[i].action.service == world.slow ? Pace::Once : world.forward);
  for (uint32_t i = 0; i < plan.undo.size(); ++i) slow_down(scenario, plan.undo[i], i, true, world.back);
  for (const plan::Approval& approval : plan.approvals)
    for (const std::string& member : approval.members)
      scenario.answers.push_back({member, world.late_answers ? approval.timeout_ns - margin_ns : 0});
  if (world.late_locks) hold_locks(plan, scenario);
  if (world.stops_at == none) return scenario;
  Fault unseen;  // the effect is there, and nobody can see that it is; the first look is before the call
  unseen.kind = FaultKind::ObserveError;
  unseen.step = world.stops_at, unseen.undo = false;
  unseen.skip = 1, unseen.times = -1, unseen.settled = world.fails;
  scenario.faults.push_back(unseen);
  scenario.abort_reason = "as the counterexample has it";
  if (!world.half_done) return scenario;
  Fault half;
  half.kind = FaultKind::HalfEffect;
  half.step = world.stops_at, half.undo = false, half.times = -1;
  scenario.faults.push_back(half);
  return scenario;
}

Span span_of(const SimResult& result, uint32_t step) {
  int64_t start = result.events.front().wall_ns;
  std::optional<int64_t> begin, end;
  for (const journal::Event& event : result.events) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    const auto* done = std::get_if<journal::StepDone>(&event.what);
    if (started != nullptr && !started->step.undo && started->step.step == step && !begin) begin = event.wall_ns;
    if (done != nullptr && !done->step.undo && done->step.step == step) end = event.wall_ns;
  }
  int64_t last = result.events.back().wall_ns - start;
  return {begin ? *begin - start : last, end ? *end - start : last};
}

Scenario scripted(const plan::Plan& plan, const verify::World& world, Scenario calm, int64_t after_ns) {
  bool aborts = world.stops_at != none && !world.fails;
  bool later = std::any_of(world.said.begin(), world.said.end(),
                           [](const verify::Said& said) { return said.from_step != none; });
  SimResult before;
  if (aborts || later) before = run_simulation(plan, calm);
  for (const verify::Said& said : world.said) {
    int64_t at_ns = said.from_step == none ? 0 : span_of(before, said.from_step).begin_ns + after_ns;
    calm.truths.push_back({said.signal, said.role, {{at_ns, said.value}}});
  }
  if (aborts) calm.abort_at_ns = span_of(before, world.stops_at).begin_ns + margin_ns;
  return calm;
}

}  // namespace rollout::sim
