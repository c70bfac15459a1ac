// Zone: what the clocks of a place show at every instant since 2020. For calendars. The rules are data with a version,
// which stands in every plan that uses them; nothing is read from the machine (docs/decisions/0020).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::calendar {

/// The day of a year and the time on it at which clocks change, as in RFC 8536's footer: `M3.5.0/3`, `J60`, `59`.
struct ChangeDay {
  enum class Form { Month, JulianNoLeap, Julian } form = Form::Month;
  int month = 1, week = 1;  ///< of Month; week 5 is the last
  int day = 0;              ///< of Month a weekday, Sunday first; else a day of the year
  int64_t time_s = 7200;    ///< since midnight by the clock before the change; may lie on another day
};

/// `CET-1CEST,M3.5.0,M10.5.0/3`
struct Rule {
  int64_t offset_s = 0;                       ///< east of UTC
  std::optional<int64_t> other_offset_s;      ///< from `begins` to `ends` of each year; none: never
  ChangeDay begins, ends;
};

struct Zone {
  struct Change {
    int64_t at_s = 0;  ///< since 1970
    int64_t offset_s = 0;
  };
  std::string name;         ///< `Europe/Stockholm`
  std::string text;         ///< what parse_zone takes
  int64_t first_offset_s = 0;
  std::vector<Change> changes;  ///< ascending; from the last one on the rule holds
  Rule rule;
};

/// `7200 1682632800:10800 EET-2EEST,M4.5.5/0,M10.5.4/24`: as a line of zones.txt, behind the name.
Result<Zone> parse_zone(std::string_view name, std::string_view text);

/// How much later than UTC the clocks there show, in seconds.
int64_t offset_at(const Zone& zone, int64_t unix_s);

/// The first moment after `unix_s` at which the clocks change; nothing if they never do.
std::optional<int64_t> next_change(const Zone& zone, int64_t unix_s);

/// Of the rules in this binary: `2025b`.
std::string_view zones_version();

/// The error suggests a name that exists.
Result<Zone> zone_named(std::string_view name);

/// All names, in order.
const std::vector<std::string_view>& zone_names();

}  // namespace rollout::calendar
