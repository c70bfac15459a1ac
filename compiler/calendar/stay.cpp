#include "compiler/calendar/stay.h"

#include <algorithm>

namespace rollout::calendar {

namespace {

constexpr int64_t minute_ns = 60'000'000'000;

/// Rounded up; longer than a week counts as a week.
int minutes_of(int64_t length_ns) {
  return int(std::min<int64_t>(length_ns / minute_ns + (length_ns % minute_ns > 0), minutes_a_week));
}

}  // namespace

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
