#include "compiler/eval/calendar_value.h"

#include <fmt/format.h>

namespace rollout::eval {

Value calendar_value(const calendar::Calendar& calendar) {
  auto number = [](int64_t n) { return Value::of(Value::Kind::Int, n); };
  std::vector<Value> open, closed;
  for (const calendar::Window& window : calendar.open)
    for (int64_t n : {window.from, window.to}) open.push_back(number(n));
  for (const calendar::Closure& closure : calendar.closed)
    for (int64_t n : {closure.first, closure.last, int64_t(closure.from), int64_t(closure.to)})
      closed.push_back(number(n));
  Value value = Value::of(Value::Kind::Calendar, calendar.zone.name);
  value.items = {Value::list(std::move(open)), Value::list(std::move(closed))};
  return value;
}

calendar::Calendar calendar_of(const Value& value) {
  calendar::Calendar calendar;
  if (Result<calendar::Zone> zone = calendar::zone_named(value.text)) calendar.zone = std::move(*zone);
  if (value.items.size() != 2) return calendar;
  const std::vector<Value>&open = value.items[0].items, &closed = value.items[1].items;
  for (size_t i = 0; i + 1 < open.size(); i += 2)
    calendar.open.push_back({int(open[i].number), int(open[i + 1].number)});
  for (size_t i = 0; i + 3 < closed.size(); i += 4)
    calendar.closed.push_back(
        {closed[i].number, closed[i + 1].number, int(closed[i + 2].number), int(closed[i + 3].number)});
  return calendar;
}

Result<Value> add_calendars(const Value& left, const Value& right) {
  if (left.text != right.text)
    return OpError{fmt::format("one calendar is in {}, the other in {}; their clocks differ", left.text, right.text)};
  calendar::Calendar both = calendar_of(left), other = calendar_of(right);
  both.open.insert(both.open.end(), other.open.begin(), other.open.end());
  both.open = calendar::joined(std::move(both.open));
  both.closed.insert(both.closed.end(), other.closed.begin(), other.closed.end());
  return calendar_value(both);
}

}  // namespace rollout::eval
