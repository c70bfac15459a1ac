#include "runtime/exec/opening.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/standing.h"
#include "runtime/exec/verdict.h"

namespace rollout::exec {

bool is_closed(const plan::Plan& plan, int64_t wall_ns) {
  return plan.during && !calendar::open_at(plan.during->calendar, wall_ns);
}

bool is_closed(const plan::Plan& plan, Stretch& known, int64_t wall_ns) {
  if (!plan.during) return false;
  if (wall_ns >= known.from_wall_ns && wall_ns < known.until_wall_ns) return known.closed;
  const calendar::Calendar& calendar = plan.during->calendar;
  bool closed = !calendar::open_at(calendar, wall_ns);
  std::optional<int64_t> change = (closed ? calendar::next_open : calendar::next_close)(calendar, wall_ns);
  known = {wall_ns, change.value_or(wall_ns + never_opens_ns), closed};
  return closed;
}

std::vector<uint32_t> ready_steps(const plan::Plan& plan, const State& state) {
  std::vector<uint32_t> out;
  if (state.failed_scopes.empty()) {
    for (uint32_t i : state.frontier.ready()) out.push_back(i);
    return out;
  }
  // What is left behind or skipped lets others begin without being done, as soon as what it came after is over.
  const std::vector<bool> skipped = skipped_scopes(plan, state);
  std::vector<bool> over(plan.steps.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const std::vector<uint32_t>& after = plan.steps[i].after;
    bool is_next = std::all_of(after.begin(), after.end(), [&](uint32_t before) { return over[before]; });
    bool skips = is_skipped(state, skipped, i);
    over[i] = state.steps[i].status == StepStatus::Done || is_left_behind(plan, state, i) || (is_next && skips);
    if (is_next && !skips && state.steps[i].status == StepStatus::Pending && may_begin(plan, state, i))
      out.push_back(i);
  }
  return out;
}

bool is_paused(const State& state) { return state.paused || (state.line && !state.overridden); }

bool held_back(const plan::Plan& plan, const State& state, StepRef hold, int64_t wall_ns) {
  if (!hold.undo && is_paused(state)) return true;
  if (hold.undo || !plan.during || !plan.during->waits) return false;
  if (!is_closed(plan, wall_ns)) return false;
  const std::vector<bool> skipped = skipped_scopes(plan, state);
  for (uint32_t i = 0; i < state.steps.size(); ++i) {
    bool waits = state.steps[i].status == StepStatus::Pending && !is_skipped(state, skipped, i);
    if (waits && !lies_in_failed(plan, state, i)) return true;
  }
  return false;
}

bool waits_to_begin(const plan::Plan& plan, const State& state, int64_t now, int64_t wall_ns) {
  if (!ready_steps(plan, state).empty()) return true;
  return std::any_of(state.holds.begin(), state.holds.end(), [&](const auto& entry) {
    const HoldState& hold = entry.second;
    return now >= hold.started_ns + hold_of(plan, hold.step) && held_back(plan, state, hold.step, wall_ns);
  });
}

bool is_said(const State& state, int64_t wall_ns) {
  return state.closed && (state.closed->opens_wall_ns == 0 || state.closed->opens_wall_ns > wall_ns);
}

journal::CalendarClosed closed_event(const plan::Plan& plan, int64_t wall_ns) {
  const plan::During& during = *plan.during;
  std::optional<int64_t> opens = calendar::next_open(during.calendar, wall_ns);
  std::string when = opens ? "it opens " + calendar::moment_text(during.calendar.zone, *opens) : "it never opens again";
  return {!during.waits, opens.value_or(0), fmt::format("`{}` is closed; {}", during.text, when)};
}

int64_t to_opening_ns(const plan::Plan& plan, int64_t wall_ns) {
  std::optional<int64_t> opens = calendar::next_open(plan.during->calendar, wall_ns);
  return opens ? *opens - wall_ns : never_opens_ns;
}

}  // namespace rollout::exec
