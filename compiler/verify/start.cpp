#include "compiler/verify/start.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::verify {

using calendar::Moments;
using plan::Forward;
using plan::Plan;
using plan::SafeStart;
using plan::none;

namespace {

constexpr int most_tries = 10'000;  // openings that are looked at, whatever a saved plan says
constexpr int64_t minute_ns = 60 * eval::ns_per_s;

/// A step begins only while the calendar is open; what has begun goes on.
int64_t last_begin_ns(const Forward& forward) {
  return forward.worst_begin_ns.empty()
             ? 0
             : *std::max_element(forward.worst_begin_ns.begin(), forward.worst_begin_ns.end());
}

SafeStart start_of(const Plan& plan, int64_t needs_ns) {
  return {needs_ns, calendar::weekly_stays(plan.during->calendar, needs_ns)};
}

/// Every deadline of people as if they answered at once.
Plan answered(Plan plan) {
  for (plan::Approval& approval : plan.approvals) approval.timeout_ns = 0;
  return plan;
}

/// Narrows the moments to those at which nothing forbids to begin; false: from `allowed.from_ns` on look again.
bool keep_policies(const Plan& plan, Moments& allowed) {
  for (const plan::Forbidden& forbidden : plan.forbidden) {
    const calendar::Calendar& calendar = forbidden.during.calendar;
    auto next = [&](bool open, int64_t at_ns) {
      return open ? calendar::next_open(calendar, at_ns) : calendar::next_close(calendar, at_ns);
    };
    std::optional<int64_t> from = next(forbidden.unless_open, allowed.from_ns);
    if (!from || *from != allowed.from_ns) {
      allowed.from_ns = from.value_or(INT64_MAX);
      return false;
    }
    if (std::optional<int64_t> to = next(!forbidden.unless_open, allowed.from_ns))
      allowed.to_ns = std::min(allowed.to_ns, *to);
  }
  return true;
}

/// In a week without other dates, when policies in the same zone let it begin.
std::vector<calendar::Window> allowed_weekly(const Plan& plan, std::vector<calendar::Window> stays) {
  for (const plan::Forbidden& forbidden : plan.forbidden) {
    const calendar::Calendar& calendar = forbidden.during.calendar;
    if (calendar.zone.text != plan.during->calendar.zone.text) continue;
    std::vector<calendar::Window> whole = {{0, calendar::minutes_a_week}};
    stays = calendar::without(stays, forbidden.unless_open ? calendar::without(whole, calendar.open) : calendar.open);
  }
  return stays;
}

/// On a day with another number of hours.
std::string longer_text(const calendar::Calendar& calendar) {
  int64_t longer_ns = calendar::clock_shift(calendar).longer_ns;
  return longer_ns == 0 ? std::string()
                        : fmt::format("where the clocks are put back while it is open, it is open for {} longer",
                                      eval::duration_text(longer_ns));
}

void find_late(const Plan& plan, const SafeStart& start, std::vector<Finding>& findings) {
  const plan::During& during = *plan.during;
  int longest = calendar::longest_window(during.calendar);
  if (during.waits || longest == 0) return;
  if (start.weekly.empty()) {
    findings.push_back({Claim::Window, during.place, longer_text(during.calendar), start.needs_ns,
                        longest * minute_ns});
    return;
  }
  if (!allowed_weekly(plan, start.weekly).empty()) return;
  std::string names;
  for (const plan::Forbidden& forbidden : plan.forbidden)
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", forbidden.policy);
  findings.push_back({Claim::Start, during.place, "policies forbid to begin before", start.needs_ns, 0, {},
                      {fmt::format("it would have to begin {}; forbidden by {}", calendar::windows_text(start.weekly),
                                   names)}});
}

/// People who may answer for longer than it is ever open, or so late that no opening is long enough for what is left to
/// do, leave the run parked at a close.
void find_late_answers(const Plan& plan, const plan::Facts& facts, std::vector<Finding>& findings) {
  int longest = calendar::longest_window(plan.during->calendar);
  if (plan.during->waits || longest == 0 || longest == calendar::minutes_a_week) return;
  const int64_t open_ns = longest * minute_ns;
  bool in_time = facts.start_answered && !facts.start_answered->weekly.empty() && facts.start->weekly.empty();
  // How much less of it would do; what one approval alone takes too much of is said of this one.
  const int64_t over_ns = in_time ? facts.start->needs_ns - open_ns : 0;
  const plan::Step* late = nullptr;
  int64_t most_ns = 0;
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Approval) continue;
    int64_t timeout_ns = plan.approvals[step.approval].timeout_ns;
    if ((timeout_ns <= open_ns && !in_time) || timeout_ns <= most_ns) continue;
    late = &step, most_ns = timeout_ns;
    if (timeout_ns > open_ns) break;
  }
  if (late == nullptr) return;
  bool alone = most_ns > open_ns;
  int64_t enough_ns = alone ? open_ns : (most_ns - over_ns) / minute_ns * minute_ns;
  std::string asks = enough_ns > 0 ? fmt::format("ask with `timeout {}` or less", eval::duration_text(enough_ns))
                                   : std::string("give people less time");
  std::string rest = alone ? std::string()
                           : fmt::format("with all that people may take it needs {} until its last step begins",
                                         eval::duration_text(facts.start->needs_ns));
  findings.push_back({Claim::Answer, late->place, std::move(rest), most_ns, open_ns, {}, {},
                      asks + ", or let it wait: `{ at close wait }`"});
  findings.back().site.step = uint32_t(late - plan.steps.data());
}

}  // namespace

std::optional<Moments> next_safe_start(const Plan& plan, const SafeStart& start, int64_t wall_ns) {
  if (!plan.during) return std::nullopt;
  int64_t at_ns = wall_ns;
  for (int tries = 0; tries < most_tries && at_ns != INT64_MAX; ++tries) {
    std::optional<Moments> found = calendar::next_stay(plan.during->calendar, at_ns, start.needs_ns);
    if (!found) return std::nullopt;
    Moments allowed = *found;
    if (keep_policies(plan, allowed)) return allowed;
    at_ns = allowed.from_ns;
  }
  return std::nullopt;
}

uint32_t parks_before(const Plan& plan, int64_t wall_ns) {
  if (!plan.during || plan.steps.empty()) return none;
  std::optional<int64_t> closes = calendar::next_close(plan.during->calendar, wall_ns);
  if (!closes) return none;
  Forward forward = prove_forward(plan, prove_back(plan));
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (forward.worst_begin_ns[i] >= *closes - wall_ns) return i;
  return none;
}

void prove_start(const Plan& plan, const Forward& forward, plan::Facts& facts, std::vector<Finding>& findings) {
  if (!plan.during || plan.steps.empty()) return;
  facts.start = start_of(plan, last_begin_ns(forward));
  const SafeStart* judged = &*facts.start;
  if (!plan.approvals.empty()) {
    Plan quick = answered(plan);
    facts.start_answered = start_of(plan, last_begin_ns(prove_forward(quick, prove_back(quick))));
    judged = &*facts.start_answered;
  }
  find_late(plan, *judged, findings);
  find_late_answers(plan, facts, findings);
}

}  // namespace rollout::verify
