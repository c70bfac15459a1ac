#include "compiler/eval/start.h"

#include <fmt/format.h>

#include "compiler/eval/calendar_value.h"
#include "compiler/eval/literal.h"

namespace rollout::eval {

std::optional<int64_t> start_of(const Value& calendar, const ast::Name& date, const ast::Name& time,
                                Diagnostics& diagnostics) {
  Result<Value> day = parse_literal(ast::LiteralKind::Date, date.text);
  Result<Value> minutes = parse_literal(ast::LiteralKind::Time, time.text);
  if (!day || !minutes || !calendar.is(Value::Kind::Calendar)) return std::nullopt;
  calendar::Zone zone = calendar_of(calendar).zone;
  int64_t at = calendar::instant_of(zone, day->number, int(minutes->number));
  if (calendar::shows(zone, at, day->number, int(minutes->number))) return at;
  constexpr int64_t minute_ns = 60 * ns_per_s;
  diagnostics
      .report(join(date.span, time.span), diag::OutOfRange, fmt::format("{} {}", date.text, time.text),
              fmt::format("the clocks of {} skip it", zone.name))
      .advise(fmt::format("the nearest that they show are `{}` and `{}`", calendar::local_text(zone, at - minute_ns),
                          calendar::local_text(zone, at)));
  return at;
}

}  // namespace rollout::eval
