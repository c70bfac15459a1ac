#include "compiler/plan/cost.h"

#include <algorithm>
#include <limits>

#include "compiler/plan/pace.h"

namespace rollout::plan {

int64_t longer(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(std::max<int64_t>(a, 0), std::max<int64_t>(b, 0), &sum))
    return std::numeric_limits<int64_t>::max();
  return sum;
}

namespace {

constexpr int64_t most_attempts = 1000;  // of what a saved plan says, one by one; more count as so long a wait each

int64_t times(int64_t count, int64_t ns) {
  int64_t product = 0;
  if (__builtin_mul_overflow(std::max<int64_t>(count, 0), std::max<int64_t>(ns, 0), &product))
    return std::numeric_limits<int64_t>::max();
  return product;
}

/// Between `attempts` of them: 1s, 2s, 4s … 30s, 30s.
int64_t pauses_ns(int64_t attempts) {
  int64_t total = 0, pause = first_pause_ns, made = 1;
  for (; made < attempts && made < most_attempts; ++made) {
    total = longer(total, pause);
    pause = std::min(2 * pause, max_pause_ns);
  }
  return longer(total, times(attempts - made, max_pause_ns));
}

int64_t retried_ns(const Action& action, const Retry& retry) {
  return longer(times(longer(retry.times, 1), attempts_ns(action)), times(retry.times, retry.every_ns));
}

/// What a gate may ask people: once for want of a verdict, and once about a verdict against it.
int64_t asking_ns(const Plan& plan, const Gate& gate) {
  int64_t unsure = 0;
  for (const Response* response : {&gate.no_data, &gate.undecided, &gate.error})
    if (response->then == Fallback::Ask) unsure = std::max(unsure, plan.approvals[response->approval].timeout_ns);
  bool asks = gate.fail.then == Fallback::Ask;
  return longer(unsure, asks ? plan.approvals[gate.fail.approval].timeout_ns : 0);
}

int64_t hold_ns(const Plan& plan, const Step& step) {
  int64_t extended = 0, asked = 0;
  for (uint32_t index : step.gates) {
    const Gate& gate = plan.gates[index];
    for (const Response* response : {&gate.no_data, &gate.undecided, &gate.error})
      extended = std::max(extended, response->hold_ns);
    asked = longer(asked, asking_ns(plan, gate));
  }
  if (step.gates.empty()) return longer(step.hold_ns, 0);
  // A router delays the last sample for as long as it may settle, and by one look. Before a preflight nothing set one.
  if (step.kind == StepKind::Hold) extended = std::max(extended, settle_ns);
  return longer(longer(step.hold_ns, max_look_ns), longer(extended, asked));
}

bool parks(const Approval& approval) { return approval.on_timeout == Unapproved::Park; }

}  // namespace

int64_t once_ns(const Action& action) {
  return action.within_ns > 0 ? action.within_ns : default_within_ns;
}

int64_t attempts_ns(const Action& action) {
  int64_t attempts = std::max(1, action.attempts);
  return longer(times(attempts, once_ns(action)), pauses_ns(attempts));
}

StepCost cost_of(const Plan& plan, uint32_t index, bool retried) {
  const Step& step = plan.steps[index];
  switch (step.kind) {
    case StepKind::Act:
      return {0, once_ns(step.action), retried ? retried_ns(step.action, plan.retry) : attempts_ns(step.action)};
    case StepKind::Hold:
    case StepKind::Preflight: return {longer(step.hold_ns, 0), longer(step.hold_ns, 0), hold_ns(plan, step)};
    case StepKind::Approval: return {0, 0, longer(plan.approvals[step.approval].timeout_ns, 0)};
    case StepKind::Lock: return {0, 0, longer(plan.locks[step.lock].within_ns, 0)};
    case StepKind::Unlock:
    case StepKind::Checkpoint:
    case StepKind::Commit:
    case StepKind::Notify: break;
  }
  return {};
}

int64_t capture_ns(const Plan& plan) {
  return captures(plan) ? (capture_attempts - 1) * capture_pause_ns : 0;
}

int64_t hooks_ns(const Plan& plan) {
  int64_t most = 0;
  for (const Hook& hook : plan.hooks)
    for (uint32_t action : hook.actions) most = std::max(most, attempts_ns(plan.undo[action]));
  return most;
}

bool may_park(const Plan& plan, const Step& step) {
  if (step.kind == StepKind::Approval) return parks(plan.approvals[step.approval]);
  return std::any_of(step.gates.begin(), step.gates.end(), [&](uint32_t index) {
    const Gate& gate = plan.gates[index];
    return std::ranges::any_of(std::initializer_list{&gate.no_data, &gate.undecided, &gate.error, &gate.fail},
                               [&](const Response* response) {
                                 return response->then == Fallback::Ask && parks(plan.approvals[response->approval]);
                               });
  });
}

}  // namespace rollout::plan
