// Calendars and moments for people.
#include <fmt/format.h>

#include "compiler/calendar/stay.h"

namespace rollout::calendar {

namespace {

std::string join(const std::vector<std::string>& parts, std::string_view with) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(with)) + part;
  return text;
}

/// ` 09:00..12:00 and 13:00..16:00`; empty: all day; a dash: not at all.
std::string hours_of(const std::vector<Window>& windows, int weekday) {
  std::vector<std::string> hours;
  int midnight = weekday * minutes_a_day;
  for (const Window& window : windows) {
    int from = std::max(window.from - midnight, 0), to = std::min(window.to - midnight, minutes_a_day);
    if (from >= to) continue;
    if (from == 0 && to == minutes_a_day) return "";
    hours.push_back(fmt::format("{}..{}", time_text(from), time_text(to)));
  }
  return hours.empty() ? "-" : " " + join(hours, " and ");
}

std::string closure_text(const Closure& closure) {
  std::string dates = date_text(closure.first);
  if (closure.last != closure.first) dates += ".." + date_text(closure.last);
  bool all_day = closure.from == 0 && closure.to == minutes_a_day;
  return all_day ? dates : fmt::format("{} {}..{}", dates, time_text(closure.from), time_text(closure.to));
}

}  // namespace

std::string windows_text(const std::vector<Window>& windows) {
  std::vector<std::string> days;
  for (int first = 0; first < 7;) {
    std::string hours = hours_of(windows, first);
    int last = first;
    while (last < 6 && hours_of(windows, last + 1) == hours) ++last;
    std::string name(weekday_names[size_t(first)]);
    if (last > first) name += fmt::format("..{}", weekday_names[size_t(last)]);
    if (hours != "-") days.push_back(name + hours);
    first = last + 1;
  }
  return days.empty() ? "never" : join(days, ", ");
}

std::string calendar_text(const Calendar& calendar) {
  std::vector<std::string> closed;
  for (const Closure& closure : calendar.closed) closed.push_back(closure_text(closure));
  std::string text = windows_text(calendar.open) + " in " + calendar.zone.name;
  return closed.empty() ? text : text + ", not on " + join(closed, ", ");
}

std::string local_text(const Zone& zone, int64_t wall_ns) {
  int64_t seconds = floor_div(wall_ns, 1'000'000'000), local = seconds + offset_at(zone, seconds);
  int64_t day = floor_div(local, day_s);
  return fmt::format("{} {}", date_text(day), time_text((local - day * day_s) / 60));
}

std::string moment_text(const Zone& zone, int64_t wall_ns) {
  int64_t seconds = floor_div(wall_ns, 1'000'000'000), day = floor_div(seconds + offset_at(zone, seconds), day_s);
  return fmt::format("{} {} in {} ({})", weekday_names[size_t(weekday_of(day))], local_text(zone, wall_ns), zone.name,
                     instant_text(wall_ns));
}

}  // namespace rollout::calendar
