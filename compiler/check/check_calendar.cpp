// Calendars: ranges of days, weekly hours, and what is excepted from them.
#include "compiler/check/values.h"
#include "compiler/eval/literal.h"

namespace rollout::check {

namespace {

bool is_day(const Type* type) { return type->is(TypeKind::Weekday) || type->is(TypeKind::Date); }

}  // namespace

/// `mon..fri`, `2026-12-24..2026-12-26`: the list of all days from the first to the last.
const Type* ValueChecker::check_range(const ast::BinaryExpr* range, const Type* left, const Type* right) {
  if (left != right || !is_day(left)) return report_units(range, left, right);
  return program_.types.list_of(left);
}

/// `weekly(zone: "Europe/Stockholm", days: mon..fri, from: 09:00, to: 16:00)`
const Type* ValueChecker::check_weekly(const ast::CallExpr* call) {
  const Type* calendar = simple(TypeKind::Calendar);
  info(call->callee) = {calendar, ir::Ref::Builtin, uint32_t(ir::Builtin::Weekly), 0};
  std::vector<ir::Parameter> parameters = ir::weekly_parameters(
      simple(TypeKind::Zone), program_.types.list_of(simple(TypeKind::Weekday)), simple(TypeKind::Time));
  for (ir::Parameter& parameter : parameters) parameter.name.span = call->callee->span;
  check_arguments(call, parameters, 0, "`weekly`", true);
  return calendar;
}

const Type* ValueChecker::check_except(const ast::ExceptExpr* except) {
  expect(except->calendar, simple(TypeKind::Calendar), "`except`");
  for (const ast::Exception& exception : except->exceptions) {
    const Type* days = check_expr(exception.days);
    const Type* day = days->is(TypeKind::List) ? days->arguments[0] : days;
    if (day->is(TypeKind::Live)) report_live(exception.days, "`except`", "weekdays or dates");
    else if (!is_day(day) && !day->is(TypeKind::Error))
      diagnostics_.report(exception.days->span, diag::WrongType, "`except`", "weekdays or dates", text(days))
          .advise("write days, and times on them: `except fri 12:00..24:00, 2026-12-24..2026-12-26`");
    if (exception.from.text.empty()) continue;
    Result<eval::Value> from = eval::parse_literal(ast::LiteralKind::Time, exception.from.text),
                        to = eval::parse_literal(ast::LiteralKind::Time, exception.to.text);
    for (auto [time, name] : {std::pair(&from, &exception.from), std::pair(&to, &exception.to)})
      if (!*time) diagnostics_.report(name->span, diag::OutOfRange, std::string(name->text), time->error().message);
    if (!from || !to || from->number < to->number) continue;
    diagnostics_
        .report(join(exception.from.span, exception.to.span), diag::OutOfRange,
                fmt::format("{}..{}", exception.from.text, exception.to.text), "it ends before it begins")
        .advise("what goes on after midnight is excepted from the next day: `sat 00:00..06:00`");
  }
  return simple(TypeKind::Calendar);
}

}  // namespace rollout::check
