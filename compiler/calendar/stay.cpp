#include "compiler/calendar/stay.h"

#include <algorithm>

namespace rollout::calendar {

namespace {

constexpr int64_t ns_per_s = 1'000'000'000, minute_ns = 60 * ns_per_s;

/// Rounded up; longer than a week counts as a week.
int minutes_of(int64_t length_ns) {
  return int(std::min<int64_t>(length_ns / minute_ns + (length_ns % minute_ns > 0), minutes_a_week));
}

constexpr int64_t foretold_since_s = 1'735'689'600;  // 2025-01-01: the rules of zones.txt are from then
constexpr int64_t foretold_days = 10 * 366;

}  // namespace

ClockShift clock_shift(const Calendar& calendar) {
  ClockShift shift;
  if (longest_window(calendar) == minutes_a_week) return shift;
  std::optional<int64_t> change = next_change(calendar.zone, foretold_since_s);
  for (; change && *change < foretold_since_s + foretold_days * day_s; change = next_change(calendar.zone, *change)) {
    // What the clocks show just before the change and behind it.
    int64_t before_s = *change + offset_at(calendar.zone, *change - 1);
    int64_t after_s = *change + offset_at(calendar.zone, *change);
    int64_t day = floor_div(before_s, day_s), monday_s = (day - weekday_of(day)) * day_s;
    for (const Window& window : calendar.open) {
      int64_t from_s = monday_s + window.from * 60, to_s = monday_s + window.to * 60, shorter_s = 0;
      if (before_s < after_s) shorter_s = std::min(to_s, after_s) - std::max(from_s, before_s);
      else if (from_s <= after_s && to_s >= before_s)
        shift.longer_ns = std::max(shift.longer_ns, (before_s - after_s) * ns_per_s);
      // It opens, closes when the clocks show an earlier time, and opens anew.
      else if (from_s > after_s && from_s < before_s) shorter_s = to_s - before_s;
      shift.shorter_ns = std::max(shift.shorter_ns, shorter_s * ns_per_s);
    }
  }
  return shift;
}

std::optional<Moments> next_stay(const Calendar& calendar, int64_t wall_ns, int64_t length_ns) {
  int64_t end_ns = wall_ns + horizon_days * day_s * 1'000'000'000;
  for (int64_t at_ns = wall_ns; at_ns < end_ns;) {
    std::optional<int64_t> opens = next_open(calendar, at_ns);
    if (!opens) return std::nullopt;
    std::optional<int64_t> closes = next_close(calendar, *opens);
    if (!closes) return Moments{*opens, INT64_MAX};
    if (*closes - *opens > length_ns) return Moments{*opens, *closes - length_ns};
    at_ns = *closes;
  }
  return std::nullopt;
}

std::vector<Window> weekly_stays(const Calendar& calendar, int64_t length_ns) {
  const std::vector<Window>& open = calendar.open;
  if (longest_window(calendar) == minutes_a_week) return open;
  int length = minutes_of(length_ns);
  bool over_sunday = !open.empty() && open.front().from == 0 && open.back().to == minutes_a_week;
  std::vector<Window> stays;
  for (const Window& window : open) {
    // What opens on Sunday may stay open on Monday.
    int end = window.to + (over_sunday && window.to == minutes_a_week ? open.front().to : 0) - length;
    if (window.from < end) stays.push_back({window.from, std::min(end, window.to)});
  }
  return stays;
}

}  // namespace rollout::calendar
