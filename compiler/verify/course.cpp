#include "compiler/verify/course.h"

#include <algorithm>
#include <numeric>

#include "compiler/calendar/calendar.h"
#include "compiler/plan/cost.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::longer;

namespace {

constexpr int64_t epoch_wall_ns = 1'767'571'200 * eval::ns_per_s;  // 2026-01-05T00:00Z, a Monday
constexpr int most_looks = 100;       // for a moment that calendar and policies agree on
constexpr double beyond_ns = 3.6e12;  // an hour is long for any request
constexpr double beyond = 1e9;        // of plain numbers

int64_t lasts_ns(const Plan& plan, uint32_t index, const World& world) {
  const plan::Step& step = plan.steps[index];
  switch (step.kind) {
    case StepKind::Act:
      if (step.action.service == world.slow) return once_ns(step.action);
      switch (world.forward) {
        case Pace::AtOnce: return 0;
        case Pace::Once: return once_ns(step.action);
        case Pace::Worst: return attempts_ns(step.action);
      }
      return 0;
    case StepKind::Hold: return world.late_gates ? cost_of(plan, index, false).worst_ns : step.hold_ns;
    case StepKind::Preflight: return step.hold_ns;
    case StepKind::Approval: return world.late_answers ? plan.approvals[step.approval].timeout_ns : 0;
    case StepKind::Lock: return world.late_locks ? plan.locks[step.lock].within_ns : 0;
    case StepKind::Commit:
    case StepKind::Checkpoint:
    case StepKind::Notify:
    case StepKind::Unlock: break;
  }
  return 0;
}

int64_t allowed_from(const Plan& plan, int64_t wall_ns) {
  for (int look = 0; look < most_looks; ++look) {
    int64_t before = wall_ns;
    wall_ns = calendar::next_open(plan.during->calendar, wall_ns).value_or(wall_ns);
    for (const plan::Forbidden& forbidden : plan.forbidden)
      wall_ns = (forbidden.unless_open ? calendar::next_open : calendar::next_close)(forbidden.during.calendar, wall_ns)
                    .value_or(wall_ns);
    if (wall_ns == before) break;
  }
  return wall_ns;
}

}  // namespace

Course course_of(const Plan& plan, const World& world) {
  size_t steps = plan.steps.size();
  Course out{std::vector<int64_t>(steps), std::vector<int64_t>(steps), std::vector<uint32_t>(steps)};
  for (uint32_t i = 0; i < steps; ++i) {
    for (uint32_t before : plan.steps[i].after) out.begin_ns[i] = std::max(out.begin_ns[i], out.end_ns[before]);
    out.end_ns[i] = longer(out.begin_ns[i], lasts_ns(plan, i, world));
  }
  std::iota(out.order.begin(), out.order.end(), 0);
  std::stable_sort(out.order.begin(), out.order.end(),
                   [&](uint32_t a, uint32_t b) { return out.begin_ns[a] < out.begin_ns[b]; });
  return out;
}

std::optional<Opening> opening_of(const Plan& plan, bool whole) {
  if (!plan.during) return std::nullopt;
  const calendar::Calendar& calendar = plan.during->calendar;
  std::optional<int64_t> from = whole ? calendar::next_close(calendar, epoch_wall_ns) : epoch_wall_ns;
  if (!from) return std::nullopt;
  int64_t start = allowed_from(plan, *from);
  std::optional<int64_t> closes = calendar::next_close(calendar, start);
  if (!closes || *closes == start) return std::nullopt;
  return Opening{start, *closes - start};
}

double worst_value(const Plan& plan, const plan::Condition& condition) {
  bool good = condition.kind == plan::ConditionKind::Require;
  using plan::Comparison;
  bool below = condition.comparison == Comparison::Less || condition.comparison == Comparison::LessEqual;
  bool above = condition.comparison == Comparison::Greater || condition.comparison == Comparison::GreaterEqual;
  if (good ? !below : !above) return 0;
  eval::Value::Kind unit = plan.signals[condition.left.signal].unit;
  if (unit == eval::Value::Kind::Percent) return double(eval::percent_all);
  return unit == eval::Value::Kind::Duration ? beyond_ns : beyond;
}

}  // namespace rollout::verify
