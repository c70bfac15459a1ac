// Ranges of days, and calendars: weekly hours, and what is excepted from them.
#include "compiler/eval/calendar_value.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/literal.h"

namespace rollout::eval {

using Kind = Value::Kind;

/// `fri..mon` goes over the end of the week; dates only go forward.
Value Evaluator::eval_range(const ast::BinaryExpr* range, const Value& first, const Value& last) {
  std::vector<Value> days;
  int64_t count = last.number - first.number + 1;
  if (first.is(Kind::Weekday)) {
    if (count < 1) count += 7;
    for (int64_t i = 0; i < count; ++i) days.push_back(Value::of(Kind::Weekday, (first.number + i) % 7));
    return Value::list(std::move(days));
  }
  if (count < 1) return fail(range->span, fmt::format("{} comes before {}", to_text(last), to_text(first)));
  if (count > max_range_days) return fail(range->span, fmt::format("it has more than {} days", max_range_days));
  for (int64_t i = 0; i < count; ++i) days.push_back(Value::of(Kind::Date, first.number + i));
  return Value::list(std::move(days));
}

/// The checker has put the four arguments into the order of their declaration.
Value Evaluator::eval_weekly(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame) {
  ir::Match match = ir::match_arguments(ir::weekly_parameters(nullptr, nullptr, nullptr), call->arguments);
  std::vector<Value> values;
  for (const ir::Match::Given& one : match.given) {
    values.push_back(eval(module, one.argument->value, frame));
    if (values.back().is(Kind::None)) return {};
  }
  calendar::Calendar weekly;
  Result<calendar::Zone> zone = calendar::zone_named(values[0].text);
  if (!zone) return fail(call->span, fmt::format("`{}`: {}", values[0].text, zone.error().message));
  weekly.zone = std::move(*zone);
  std::vector<calendar::Window> windows;
  for (const Value& day : values[1].items)
    for (const calendar::Window& window :
         calendar::daily(int(day.number), int(values[2].number), int(values[3].number)))
      windows.push_back(window);
  weekly.open = calendar::joined(std::move(windows));
  return calendar_value(weekly);
}

Value Evaluator::eval_except(ir::ModuleId module, const ast::ExceptExpr* except, const Frame& frame) {
  Value value = eval(module, except->calendar, frame);
  if (!value.is(Kind::Calendar)) return {};
  calendar::Calendar calendar = calendar_of(value);
  for (const ast::Exception& exception : except->exceptions) {
    Value days = eval(module, exception.days, frame);
    if (!days.is(Kind::List)) days = Value::list({days});
    int from = 0, to = calendar::minutes_a_day;
    if (!exception.from.text.empty()) {
      Result<Value> begin = parse_literal(ast::LiteralKind::Time, exception.from.text),
                    end = parse_literal(ast::LiteralKind::Time, exception.to.text);
      if (!begin || !end) return {};  // reported by the checker
      from = int(begin->number);
      to = int(end->number);
    }
    std::vector<calendar::Window> taken;
    for (const Value& day : days.items) {
      int number = int(day.number);
      if (day.is(Kind::Weekday)) taken.push_back({number * calendar::minutes_a_day + from,
                                                  number * calendar::minutes_a_day + to});
      if (!day.is(Kind::Date)) continue;
      calendar::Closure closure{day.number, day.number, from, to};
      calendar::Closure* last = calendar.closed.empty() ? nullptr : &calendar.closed.back();
      bool goes_on = last && &day != &days.items.front() && last->last + 1 == day.number;
      if (goes_on) last->last = day.number;
      else calendar.closed.push_back(closure);
    }
    calendar.open = calendar::without(calendar.open, calendar::joined(std::move(taken)));
  }
  return calendar_value(calendar);
}

}  // namespace rollout::eval
