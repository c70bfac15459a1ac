#include "compiler/check/advise.h"

#include <fmt/format.h>

#include "compiler/eval/evaluator.h"
#include "compiler/eval/literal.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

const ast::LiteralExpr* as_literal(const ast::Expr* expr) {
  return expr->kind == ast::ExprKind::Literal ? static_cast<const ast::LiteralExpr*>(expr) : nullptr;
}

/// Of text: a value of `wanted` in quotes, `"4"` where 4 is meant, or a text that is to become an image, say.
void advise_text(Diagnostic& diagnostic, const ast::Expr* expr, const Type* wanted) {
  if (wanted->is(TypeKind::Secret)) {
    diagnostic.advise("no secret stands in a file: name where it is, `secret(\"TOKEN\")` for an environment variable, "
                      "`secret(file: \"run/token\")` for a file");
    return;
  }
  const ast::LiteralExpr* literal = as_literal(expr);
  bool converts = wanted->is(TypeKind::Image) || wanted->is(TypeKind::Version) || wanted->is(TypeKind::Url) ||
                  wanted->is(TypeKind::Path) || wanted->is(TypeKind::Zone);
  if (!literal && converts)
    diagnostic.advise(fmt::format("a text becomes one by `{}(…)`", ir::to_text(wanted, {})));
  if (!literal || literal->literal != ast::LiteralKind::String || literal->text.size() < 2) return;
  std::string inside(literal->text.substr(1, literal->text.size() - 2));
  if (!eval::parse_value(eval::value_kind(wanted), inside)) return;
  diagnostic.advise(fmt::format("only text has quotes: write `{}`", inside)).fix(expr->span, inside);
}

/// Where a share is expected and a bare number stands: `5` is 5%, 0.05 may be, and nothing is said of larger ones.
void advise_share(Diagnostic& diagnostic, const ast::Expr* number, const Type* found) {
  const ast::LiteralExpr* literal = as_literal(number);
  if (literal && found->is(TypeKind::Int)) {
    diagnostic.advise("a bare number is a count: write a share such as `5%`").fix(after(number->span), "%");
    return;
  }
  Result<eval::Value> value = literal ? eval::parse_literal(literal->literal, literal->text) : OpError{"no literal"};
  if (!value || value->real > 1 || !found->is(TypeKind::Float)) {
    diagnostic.advise("a plain number is never a share: times `100%` it is one");
    return;
  }
  std::string share = eval::percent_text(int64_t(value->real * double(eval::percent_all) + 0.5));
  diagnostic.advise(fmt::format("a share is written in percent: `{}`", share)).fix(number->span, share);
}

/// A number without a unit, where one belongs to it.
std::string_view unit_of(TypeKind wanted) {
  switch (wanted) {
    case TypeKind::Duration: return "write a unit, such as `5m` or `30s`";
    case TypeKind::Rate: return "write a rate such as `200/s`";
    case TypeKind::Bytes: return "write a unit, such as `512MiB`";
    case TypeKind::Throughput: return "write bytes in a time, such as `512MiB / 1s`";
    case TypeKind::Money: return "an amount has a currency, such as `5.00 EUR`";
    case TypeKind::Points: return "percentage points are written like a share, `0.5%`";
    default: return {};
  }
}

struct Form {
  TypeKind kind;
  std::string_view how;
};
constexpr Form forms[] = {
    {TypeKind::Bool, "write `true`, `false` or a comparison"},
    {TypeKind::Int, "write a whole number, without a unit"},
    {TypeKind::Float, "write a plain number, without a unit"},
    {TypeKind::String, "write a text in quotes"},
    {TypeKind::Percent, "write a share, such as `5%`"},
    {TypeKind::Points, "write percentage points, such as `0.5%`"},
    {TypeKind::Duration, "write how long, such as `5m`"},
    {TypeKind::Rate, "write a rate, such as `200/s`"},
    {TypeKind::Bytes, "write a size, such as `512MiB`"},
    {TypeKind::Throughput, "write bytes in a time, such as `512MiB / 1s`"},
    {TypeKind::Money, "write an amount, such as `5.00 EUR`"},
    {TypeKind::Time, "write a time of day, such as `09:00`"},
    {TypeKind::Date, "write a day, such as `2026-12-24`"},
    {TypeKind::Weekday, "write a day of the week: `mon` to `sun`"},
    {TypeKind::Instant, "write a moment, such as `2026-12-24T09:00Z`"},
    {TypeKind::Zone, "name a time zone in quotes, such as `\"Europe/Stockholm\"`"},
    {TypeKind::Version, "write a version in quotes, such as `\"1.4.2\"`"},
    {TypeKind::Image, "write an image in quotes, such as `\"shop:1.1\"`"},
    {TypeKind::Url, "write a URL in quotes, such as `\"https://example.org\"`"},
    {TypeKind::Path, "write a path in quotes, such as `\"run/shop\"`"},
    {TypeKind::Probe, "write how it is asked, such as `http(\"/healthz\")`"},
    {TypeKind::Service, "name a service"},
    {TypeKind::Flag, "name a flag"},
    {TypeKind::Database, "name a database"},
    {TypeKind::Target, "name a target"},
    {TypeKind::Team, "name a team: `team sre { members = [\"anna\", \"bo\"] }` declares one"},
    {TypeKind::Calendar, "name a calendar: `calendar hours = office_hours(…)` declares one"},
    {TypeKind::List, "write a list: `[…]`"},
    {TypeKind::Live, "read a signal, such as `s.canary.error_rate`"},
};

}  // namespace

std::string_view how_written(TypeKind kind) {
  for (const Form& form : forms)
    if (form.kind == kind) return form.how;
  return {};
}

void advise_type(Diagnostic& diagnostic, const ast::Expr* expr, const Type* found, const Type* wanted) {
  bool number = ir::is_number(found->kind);
  if (number && wanted->is(TypeKind::Percent)) advise_share(diagnostic, expr, found);
  else if (std::string_view unit = unit_of(wanted->kind); number && !unit.empty())
    diagnostic.advise(fmt::format("a bare number is a count: {}", unit));
  else if (found->is(TypeKind::String)) advise_text(diagnostic, expr, wanted);
  else if (found->is(TypeKind::Points) && wanted->is(TypeKind::Percent))
    diagnostic.advise("how far two shares are apart is Points, because it may be negative: declare it as `Points`");
  else if (found->is(TypeKind::Percent) && wanted->is(TypeKind::Points))
    diagnostic.advise("a share is no distance: Points are the difference of two shares, or written, `0.5%`");
  else if (found->is(TypeKind::None))
    diagnostic.advise("only what is declared with `?`, such as `Duration?`, may be absent");
  else if (wanted->is(TypeKind::Gate) && found->is(wanted->kind) && found->arguments.size() < wanted->arguments.size())
    diagnostic.advise("the service is given where the gate judges: leave it out here");
  const Type* meant = wanted->is(TypeKind::Optional) ? wanted->arguments[0] : wanted;
  if (std::string_view how = how_written(meant->kind); diagnostic.help.empty() && !how.empty())
    diagnostic.advise(std::string(how));
}

}  // namespace rollout::check
