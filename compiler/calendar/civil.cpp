#include "compiler/calendar/civil.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::calendar {

bool is_leap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in_month(int64_t year, int month) {
  constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month - 1] + (month == 2 && is_leap(year));
}

// Both ways as in the paper "chrono-Compatible Low-Level Date Algorithms" (H. Hinnant), which is in the public domain.
int64_t days_of(CivilDate date) {
  int64_t year = date.year - (date.month <= 2);
  int64_t era = floor_div(year, 400), year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

CivilDate date_of(int64_t days) {
  days += 719468;
  int64_t era = floor_div(days, 146097), day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int month_index = int(5 * day_of_year + 2) / 153;
  int month = month_index < 10 ? month_index + 3 : month_index - 9;
  return {year_of_era + era * 400 + (month <= 2), month, int(day_of_year - (153 * month_index + 2) / 5 + 1)};
}

int weekday_of(int64_t days) {
  constexpr int64_t first_day = 3;  // 1970-01-01 was a Thursday
  return int(days + first_day - floor_div(days + first_day, 7) * 7);
}

std::optional<int> weekday_named(std::string_view name) {
  auto found = std::find(weekday_names.begin(), weekday_names.end(), name);
  if (found == weekday_names.end()) return std::nullopt;
  return int(found - weekday_names.begin());
}

std::string date_text(int64_t days) {
  CivilDate date = date_of(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string time_text(int64_t minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); }

std::string instant_text(int64_t wall_ns) {
  int64_t seconds = floor_div(wall_ns, 1'000'000'000), days = floor_div(seconds, day_s);
  int64_t rest = seconds - days * day_s;
  std::string fraction = rest % 60 ? fmt::format(":{:02}", rest % 60) : "";
  return fmt::format("{}T{}{}Z", date_text(days), time_text(rest / 60), fraction);
}

}  // namespace rollout::calendar
