// Civil: dates and weekdays of the Gregorian calendar as numbers of days, and their texts. For the evaluator and for
// calendars. Pure; no zone is known here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollout::calendar {

inline constexpr int64_t day_s = 86'400;
inline constexpr int minutes_a_day = 1440;
inline constexpr int minutes_a_week = 7 * minutes_a_day;

/// As they are written, Monday first: the index is the weekday's number.
inline constexpr std::array<std::string_view, 7> weekday_names = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  ///< from 1
  int day = 1;    ///< from 1
};

/// Rounded down, also below zero.
constexpr int64_t floor_div(int64_t number, int64_t by) {
  return number / by - (number % by != 0 && (number < 0) != (by < 0));
}

bool is_leap(int64_t year);
int days_in_month(int64_t year, int month);

/// Days since 1970-01-01.
int64_t days_of(CivilDate date);
CivilDate date_of(int64_t days);
/// 0 is Monday.
int weekday_of(int64_t days);
/// The number of `fri`; nothing for other names.
std::optional<int> weekday_named(std::string_view name);

/// `2026-12-24`
std::string date_text(int64_t days);
/// `09:00`; at the end of a day `24:00`.
std::string time_text(int64_t minutes);
/// `2026-11-20T14:30Z`, with seconds where there are some; what is left of a second is cut off.
std::string instant_text(int64_t wall_ns);

}  // namespace rollout::calendar
