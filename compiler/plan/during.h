// During: when a plan may go forward. Part of the plan (plan.h).
#pragma once

#include <string>

#include "compiler/calendar/calendar.h"

namespace rollout::plan {

/// `during CALENDAR { at close … }`: a forward step begins only while the calendar is open. A rollback is not guarded.
/// Zone rules are part of the plan: it means the same on every machine, whatever rules came out since.
struct During {
  calendar::Calendar calendar;
  std::string zones_version;   ///< of the rules: `2025b`
  bool waits = false;          ///< at close: true waits until it opens again, false parks
  std::string text;            ///< as written: `working_hours except fri 12:00..24:00`
  std::string place = {};      ///< `release.rollout:12`, where it was written; of a plan's own `during`
};

}  // namespace rollout::plan
