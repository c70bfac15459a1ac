#include "runtime/cli/view_during.h"

#include <fmt/format.h>

#include "compiler/verify/start.h"

namespace rollout::cli {

std::string during_text(const plan::During& during) {
  return fmt::format("{}: {}", during.text, calendar::calendar_text(during.calendar));
}

std::string at_close_text(const plan::During& during) {
  return during.waits ? "at close it waits before the next step until it opens; a rollback never waits"
                      : "at close it parks before the next step; a rollback never waits";
}

namespace {

/// A check of the preflight asks for an open calendar, which is closed.
std::string window_text(const plan::Forbidden& check, int64_t wall_ns) {
  const calendar::Calendar& calendar = check.during.calendar;
  std::optional<int64_t> opens = calendar::next_open(calendar, wall_ns);
  std::string when = opens ? fmt::format("it may begin {}", calendar::moment_text(calendar.zone, *opens))
                           : std::string("it may never begin");
  return fmt::format("the check \"{}\" does not hold: it may begin only during {}, and it is {}; {}", check.policy,
                     calendar::calendar_text(calendar), calendar::moment_text(calendar.zone, wall_ns), when);
}

}  // namespace

std::string exception_text(const plan::PolicyException& exception) {
  return fmt::format("not held to {} until {}: \"{}\", asked by {}, approved by {} of {}", exception.policy,
                     exception.until, exception.reason, exception.asked, exception.approved, exception.team);
}

std::optional<std::string> ended_text(const plan::Plan& plan, int64_t wall_ns) {
  for (const plan::PolicyException& exception : plan.exceptions)
    if (wall_ns >= exception.until_wall_ns)
      return fmt::format("the exception from policy `{}` has ended: {}; plan it anew", exception.policy,
                         exception.until);
  return std::nullopt;
}

std::optional<std::string> forbidden_text(const plan::Plan& plan, int64_t wall_ns) {
  for (const plan::Forbidden& forbidden : plan.forbidden) {
    const calendar::Calendar& calendar = forbidden.during.calendar;
    if (calendar::open_at(calendar, wall_ns) == forbidden.unless_open) continue;
    if (forbidden.unless_open) return window_text(forbidden, wall_ns);
    std::optional<int64_t> over = calendar::next_close(calendar, wall_ns);
    std::string when = over ? fmt::format("it may begin {}", calendar::moment_text(calendar.zone, *over))
                            : std::string("it may never begin");
    return fmt::format("policy `{}` forbids to begin during {}, and it is {}; {}", forbidden.policy,
                       calendar::calendar_text(calendar), calendar::moment_text(calendar.zone, wall_ns), when);
  }
  return std::nullopt;
}

std::optional<std::string> closed_text(const plan::Plan& plan, int64_t wall_ns) {
  if (!plan.during || calendar::open_at(plan.during->calendar, wall_ns)) return std::nullopt;
  const calendar::Calendar& calendar = plan.during->calendar;
  std::optional<int64_t> opens = calendar::next_open(calendar, wall_ns);
  std::string when = opens ? fmt::format("it opens {}", calendar::moment_text(calendar.zone, *opens))
                           : std::string("it never opens again");
  return fmt::format("`{}` is closed now, {}; {}", plan.during->text, calendar::moment_text(calendar.zone, wall_ns),
                     when);
}

std::optional<std::string> start_text(const plan::Plan& plan, int64_t wall_ns) {
  if (!plan.facts || !plan.facts->start || plan.during->waits) return std::nullopt;
  const calendar::Zone& zone = plan.during->calendar.zone;
  bool asks = plan.facts->start_answered.has_value();
  const plan::SafeStart& start = asks ? *plan.facts->start_answered : *plan.facts->start;
  std::string_view people = asks ? " if people answer at once" : "";
  std::optional<calendar::Moments> safe = verify::next_safe_start(plan, start, wall_ns);
  if (!safe) return fmt::format("whenever it begins, it may be parked at a close{}", people);
  if (safe->from_ns == wall_ns && safe->to_ns == INT64_MAX) return std::nullopt;
  if (safe->from_ns == wall_ns)
    return fmt::format("begun before {} it meets no close{}", calendar::moment_text(zone, safe->to_ns), people);
  uint32_t step = verify::parks_before(plan, wall_ns);
  std::string where = step == plan::none ? "" : fmt::format(" before `{}`", plan.steps[step].text);
  if (step != plan::none && plan.steps[step].phase != plan::none)
    where = fmt::format(" in phase {}", plan.phases[plan.steps[step].phase].name);
  return fmt::format("begun now it may be parked{}; from {} on it meets no close{}", where,
                     calendar::moment_text(zone, safe->from_ns), people);
}

}  // namespace rollout::cli
