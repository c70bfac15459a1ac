#include "compiler/calendar/calendar.h"

#include <algorithm>

namespace rollout::calendar {

namespace {

constexpr int64_t ns_per_s = 1'000'000'000;

/// What the clocks show: the date, and the second of that day.
struct Shown {
  int64_t day = 0, second = 0;
};

Shown shown_at(const Zone& zone, int64_t unix_s) {
  int64_t local = unix_s + offset_at(zone, unix_s), day = floor_div(local, day_s);
  return {day, local - day * day_s};
}

bool is_open(const Calendar& calendar, Shown now) {
  int64_t week_s = weekday_of(now.day) * day_s + now.second;
  bool inside = std::any_of(calendar.open.begin(), calendar.open.end(), [&](const Window& window) {
    return week_s >= window.from * 60 && week_s < window.to * 60;
  });
  return inside && std::none_of(calendar.closed.begin(), calendar.closed.end(), [&](const Closure& closure) {
    return now.day >= closure.first && now.day <= closure.last && now.second >= closure.from * 60 &&
           now.second < closure.to * 60;
  });
}

/// Seconds of the clock until the next moment at which a window or a closure can begin or end: at most a day.
int64_t to_next_edge(const Calendar& calendar, Shown now) {
  int64_t next = day_s;
  auto edge = [&](int64_t second) {
    if (second > now.second) next = std::min(next, second);
  };
  int64_t midnight_s = weekday_of(now.day) * day_s;
  for (const Window& window : calendar.open) {
    edge(window.from * 60 - midnight_s);
    edge(window.to * 60 - midnight_s);
  }
  for (const Closure& closure : calendar.closed) {
    if (now.day < closure.first || now.day > closure.last) continue;
    edge(closure.from * 60);
    edge(closure.to * 60);
  }
  return next - now.second;
}

/// The first moment from `unix_s` on at which it is open or, for false, closed.
std::optional<int64_t> first_moment(const Calendar& calendar, int64_t unix_s, bool wanted) {
  int64_t end = unix_s + horizon_days * day_s;
  for (int64_t at = unix_s; at < end;) {
    Shown now = shown_at(calendar.zone, at);
    if (is_open(calendar, now) == wanted) return at;
    int64_t next = at + to_next_edge(calendar, now);
    // Where the clocks change before that, they show something else from then on.
    std::optional<int64_t> change = next_change(calendar.zone, at);
    at = change ? std::min(next, *change) : next;
  }
  return std::nullopt;
}

/// A moment in the middle of a second is decided like its second: edges lie on whole ones.
std::optional<int64_t> first_moment_ns(const Calendar& calendar, int64_t wall_ns, bool wanted) {
  std::optional<int64_t> found = first_moment(calendar, floor_div(wall_ns, ns_per_s), wanted);
  if (!found) return std::nullopt;
  return std::max(wall_ns, *found * ns_per_s);
}

}  // namespace

std::vector<Window> joined(std::vector<Window> windows) {
  std::sort(windows.begin(), windows.end(), [](auto& a, auto& b) { return a.from < b.from; });
  std::vector<Window> out;
  for (const Window& window : windows) {
    if (window.from >= window.to) continue;
    if (!out.empty() && window.from <= out.back().to) out.back().to = std::max(out.back().to, window.to);
    else out.push_back(window);
  }
  return out;
}

std::vector<Window> without(const std::vector<Window>& windows, const std::vector<Window>& taken) {
  std::vector<Window> out;
  for (Window rest : windows) {
    for (const Window& away : taken) {
      if (away.to <= rest.from || away.from >= rest.to) continue;
      if (away.from > rest.from) out.push_back({rest.from, away.from});
      rest.from = away.to;
    }
    if (rest.from < rest.to) out.push_back(rest);
  }
  return out;
}

std::vector<Window> daily(int weekday, int from, int to) {
  int midnight = weekday * minutes_a_day;
  if (from <= to) return {{midnight + from, midnight + to}};
  int next = (weekday + 1) % 7 * minutes_a_day;
  return {{midnight + from, midnight + minutes_a_day}, {next, next + to}};
}

int longest_window(const Calendar& calendar) {
  int longest = 0;
  for (const Window& window : calendar.open) longest = std::max(longest, window.to - window.from);
  if (calendar.open.empty() || longest == minutes_a_week) return longest;
  const Window &first = calendar.open.front(), &last = calendar.open.back();
  bool over_sunday = first.from == 0 && last.to == minutes_a_week;
  return over_sunday ? std::max(longest, last.to - last.from + first.to) : longest;
}

bool open_at(const Calendar& calendar, int64_t wall_ns) {
  return is_open(calendar, shown_at(calendar.zone, floor_div(wall_ns, ns_per_s)));
}

std::optional<int64_t> next_open(const Calendar& calendar, int64_t wall_ns) {
  return first_moment_ns(calendar, wall_ns, true);
}

std::optional<int64_t> next_close(const Calendar& calendar, int64_t wall_ns) {
  return first_moment_ns(calendar, wall_ns, false);
}

int64_t instant_of(const Zone& zone, int64_t days, int minutes) {
  int64_t wanted = days * day_s + minutes * 60;
  // Before any offset that was ever in force, then on to each change of the clocks until they show it.
  int64_t at = wanted - day_s;
  while (true) {
    int64_t candidate = wanted - offset_at(zone, at);
    std::optional<int64_t> change = next_change(zone, at);
    if (!change || candidate < *change) return std::max(candidate, at) * ns_per_s;
    at = *change;
  }
}

bool shows(const Zone& zone, int64_t wall_ns, int64_t days, int minutes) {
  Shown shown = shown_at(zone, floor_div(wall_ns, ns_per_s));
  return shown.day * day_s + shown.second == days * day_s + minutes * 60;
}

}  // namespace rollout::calendar
