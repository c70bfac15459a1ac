// Calendar: when something is open, by the clock on the wall of a zone: weekly windows without excepted dates. For
// `during`, for tests and for views. Pure functions of an instant; what holds at an instant is decided by what the
// clocks of the zone show then, so an hour that the clocks skip is not there, and one that they show twice is twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/calendar/civil.h"
#include "compiler/calendar/zone.h"

namespace rollout::calendar {

/// A calendar that is closed for longer than this never opens, and one open for longer never closes.
inline constexpr int64_t horizon_days = 5 * 366;

/// [from, to) in minutes of the week, which begins on Monday.
struct Window {
  int from = 0;
  int to = minutes_a_week;
  bool operator==(const Window&) const = default;
};

/// On each date from `first` to `last`, [from, to) in minutes of the day.
struct Closure {
  int64_t first = 0, last = 0;  ///< days since 1970
  int from = 0;
  int to = minutes_a_day;
  bool operator==(const Closure&) const = default;
};

struct Calendar {
  Zone zone;
  std::vector<Window> open;  ///< ascending, with time between them
  std::vector<Closure> closed;
};

/// The same times, in order, those that meet or overlap as one.
std::vector<Window> joined(std::vector<Window> windows);
/// What of `windows`, which are joined, lies outside of `taken`, which are so too.
std::vector<Window> without(const std::vector<Window>& windows, const std::vector<Window>& taken);
/// `from` to `to` on a weekday, in minutes of the day. An end before the beginning lies on the day after.
std::vector<Window> daily(int weekday, int from, int to);

/// The longest window in minutes, also over the end of the week; a whole week: it is always open, but for closures.
int longest_window(const Calendar& calendar);

bool open_at(const Calendar& calendar, int64_t wall_ns);
/// The first moment from `wall_ns` on at which it is open; nothing if it never opens.
std::optional<int64_t> next_open(const Calendar& calendar, int64_t wall_ns);
/// The first moment from `wall_ns` on at which it is closed; nothing if it never closes.
std::optional<int64_t> next_close(const Calendar& calendar, int64_t wall_ns);

/// `date`, `minutes` by the clock of the zone. Of a time that comes twice the first; of one that is skipped the moment
/// at which the clocks skip it.
int64_t instant_of(const Zone& zone, int64_t days, int minutes);

/// Whether the clock of the zone shows the date and `minutes` then.
bool shows(const Zone& zone, int64_t wall_ns, int64_t days, int minutes);

/// What the clock of the zone shows, to the minute: `2026-11-23 09:00`
std::string local_text(const Zone& zone, int64_t wall_ns);

/// `mon..thu 09:00..16:00, fri 09:00..12:00 in Europe/Stockholm, not on 2026-12-24`
std::string calendar_text(const Calendar& calendar);
/// `mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z)`
std::string moment_text(const Zone& zone, int64_t wall_ns);

}  // namespace rollout::calendar
