// Stay: from which moments on a calendar is open for long enough. For the proofs about `during`, and for views. Pure;
// in time that passes, so a day on which the clocks change is as long as it is.
#pragma once

#include "compiler/calendar/calendar.h"

namespace rollout::calendar {

/// Moments from `from_ns` up to, and without, `to_ns`.
struct Moments {
  int64_t from_ns = 0, to_ns = 0;
};

/// The first moments from `wall_ns` on after which it stays open for longer than `length_ns`. Nothing: there are none
/// within the horizon.
std::optional<Moments> next_stay(const Calendar& calendar, int64_t wall_ns, int64_t length_ns);

/// The same as minutes of a week without closures and without changes of the clocks, rounded so that each is one.
std::vector<Window> weekly_stays(const Calendar& calendar, int64_t length_ns);

/// By how much a window is shorter or longer than its hours say, at most, where the clocks change inside of it.
struct ClockShift {
  int64_t shorter_ns = 0, longer_ns = 0;
};
/// Of the changes that the rules of the zone foretell; none of a calendar that never closes.
ClockShift clock_shift(const Calendar& calendar);

/// `mon..thu 09:00..14:20, fri 09:00..10:20`
std::string windows_text(const std::vector<Window>& windows);

}  // namespace rollout::calendar
