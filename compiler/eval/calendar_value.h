// Calendars as Values and back. A Value of kind Calendar: `text` is the zone, `items[0]` a list of its windows and
// `items[1]` one of its closures, both as flat lists of the numbers in calendar/calendar.h.
#pragma once

#include "compiler/base/result.h"
#include "compiler/calendar/calendar.h"
#include "compiler/eval/value.h"

namespace rollout::eval {

Value calendar_value(const calendar::Calendar& calendar);
calendar::Calendar calendar_of(const Value& value);

/// Open where one of them is; what is excepted from one is excepted from both. An error where the zones differ.
Result<Value> add_calendars(const Value& left, const Value& right);

}  // namespace rollout::eval
