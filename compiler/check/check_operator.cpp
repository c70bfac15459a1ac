// Which operators fit which units: the table is ir/operators.h; here are live values, literals that take the unit of
// the other side, and what to say when nothing fits.
#include "compiler/check/advise.h"
#include "compiler/check/values.h"
#include "compiler/eval/literal.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

using ast::Operator;

/// The kind of a value, live or not.
TypeKind kind_behind(const Type* type) { return type->is(TypeKind::Live) ? type->arguments[0]->kind : type->kind; }

bool compares(Operator op) { return op >= Operator::Less && op <= Operator::NotEqual; }

bool is_one(TypeKind wanted, TypeKind left, TypeKind right) { return left == wanted || right == wanted; }

/// A time or a date names no point in time: that takes a zone.
std::string civil_advice(TypeKind left, Operator op, TypeKind right) {
  if (op == Operator::Range) return "a range is of weekdays or of dates: `mon..fri`, `2026-12-24..2026-12-26`";
  if (is_one(TypeKind::Time, left, right))
    return "a time of day is no point in time: clocks may skip it or show it twice; use an Instant, or a calendar";
  if (is_one(TypeKind::Date, left, right))
    return "a date has 23, 24 or 25 hours, as its zone has it: use an Instant, or a calendar";
  if (is_one(TypeKind::Weekday, left, right)) return "weekdays go round: one comes neither before nor after another";
  if (is_one(TypeKind::Instant, left, right))
    return "an Instant moves by a Duration, and the difference of two is a Duration";
  if (is_one(TypeKind::Calendar, left, right)) return "`+` joins two calendars; `except` takes days out";
  return {};
}

/// What to write instead; empty where nothing is likely to be meant.
std::string advice(TypeKind left, Operator op, TypeKind right) {
  bool adds = op == Operator::Add || op == Operator::Subtract;
  bool number = (adds || compares(op)) && (ir::is_number(left) || ir::is_number(right));
  if (number && is_one(TypeKind::Percent, left, right)) return "a bare number is a count: write a share such as `5%`";
  if (number && is_one(TypeKind::Duration, left, right)) return "a bare number is a count: write a unit, as in `500ms`";
  if (number && is_one(TypeKind::Rate, left, right)) return "a bare number is a count: write a rate such as `200/s`";
  if (number && is_one(TypeKind::Points, left, right))
    return "a bare number is a count: percentage points are written like a share, `0.5%`";
  if (number && is_one(TypeKind::Bytes, left, right)) return "a bare number is a count: write a unit, as in `512MiB`";
  if (is_one(TypeKind::Percent, left, right) && is_one(TypeKind::Points, left, right))
    return "a Percent is a share, Points are how far two shares are apart: compare like with like, or declare the "
           "limit as `Points`";
  if (adds && is_one(TypeKind::Percent, left, right)) return "a share of a quantity is a product, as in `5m * 103%`";
  if (compares(op) && left == right && left == TypeKind::Image)
    return "images have no order; compare their versions: `image.version`";
  if (compares(op) && left == right && left == TypeKind::String) return "texts have no order; a Version has one";
  if (is_one(TypeKind::Rate, left, right) && is_one(TypeKind::Duration, left, right))
    return "a count is a rate times a duration: `200/s * 5m`";
  if (op == Operator::Multiply && left == right && ir::is_quantity(left))
    return "a quantity is scaled by a plain number or by a Percent";
  if (std::string civil = civil_advice(left, op, right); !civil.empty()) return civil;
  if (op == Operator::Add && is_one(TypeKind::String, left, right))
    return "a text has others in it by their names: `\"… ${name}\"`";
  if (is_one(TypeKind::Past, left, right)) return "compare one of its signals, such as `s.baseline(1h).error_rate`";
  if (left == TypeKind::Role) return "compare one of its signals, such as `s.canary.error_rate`";
  if ((adds || compares(op)) && left != right)
    if (TypeKind unit = ir::is_quantity(left) ? left : right; ir::is_quantity(unit))
      return fmt::format("{} only with its like: {}", adds ? "a quantity adds up" : "a quantity is compared",
                         how_written(unit));
  return {};
}

const ast::LiteralExpr* as_literal(const ast::Expr* expr, ast::LiteralKind kind) {
  if (expr->kind != ast::ExprKind::Literal) return nullptr;
  auto* literal = static_cast<const ast::LiteralExpr*>(expr);
  return literal->literal == kind ? literal : nullptr;
}

/// Beside money a bare number: with the currency that stands on the other side, where one is written there.
std::string money_advice(const ast::BinaryExpr* binary) {
  for (auto [amount, number] : {std::pair(binary->left, binary->right), std::pair(binary->right, binary->left)}) {
    const ast::LiteralExpr* money = as_literal(amount, ast::LiteralKind::Money);
    const ast::LiteralExpr* bare = as_literal(number, ast::LiteralKind::Int);
    if (!bare) bare = as_literal(number, ast::LiteralKind::Float);
    if (money && bare)
      return fmt::format("a bare number is a count: write `{} {}`", bare->text,
                         money->text.substr(money->text.size() - 3));
  }
  return "a bare number is a count: an amount has a currency, such as `5 EUR`";
}

/// `5m + 3%`: `5m * 103%`, with what stands there. Empty where no share is written, or more is taken than there is.
std::string share_advice(const ast::BinaryExpr* binary) {
  bool adds = binary->op == Operator::Add;
  const ast::Expr* quantity = binary->left;
  const ast::LiteralExpr* share = as_literal(binary->right, ast::LiteralKind::Percent);
  if (!share && adds) {
    share = as_literal(binary->left, ast::LiteralKind::Percent);
    quantity = binary->right;
  }
  if (!share) return {};
  Result<eval::Value> part = eval::parse_literal(ast::LiteralKind::Percent, share->text);
  constexpr int64_t most = 1000 * eval::percent_all;
  if (!part || part->number > (adds ? most : eval::percent_all)) return {};
  int64_t whole = eval::percent_all + (adds ? part->number : -part->number);
  std::string_view written = "…";
  if (quantity->kind == ast::ExprKind::Literal) written = static_cast<const ast::LiteralExpr*>(quantity)->text;
  if (quantity->kind == ast::ExprKind::Name) written = static_cast<const ast::NameExpr*>(quantity)->name;
  return fmt::format("a share of a quantity is a product: `{} * {}`", written, eval::percent_text(whole));
}

bool has_text_form(TypeKind kind) {
  return kind == TypeKind::Image || kind == TypeKind::Version || kind == TypeKind::Url || kind == TypeKind::Path ||
         kind == TypeKind::Zone;
}

}  // namespace

const Type* ValueChecker::check_unary(const ast::UnaryExpr* unary, const Type* wanted) {
  if (unary->op == Operator::Not) {
    expect(unary->operand, simple(TypeKind::Bool), "`not`");
    return simple(TypeKind::Bool);
  }
  // `-0.5%` is a number of points where `0.5%` is one.
  const Type* type = check_expr(unary->operand, wanted && wanted->is(TypeKind::Points) ? wanted : nullptr);
  if (type->is(TypeKind::Error) || ir::is_number(type->kind) || ir::is_quantity(type->kind)) return type;
  if (type->is(TypeKind::Secret)) return report_secret(unary->operand, "`-`");
  diagnostics_.report(unary->span, diag::WrongType, "`-`", "a number", text(type));
  return simple(TypeKind::Error);
}

const Type* ValueChecker::check_binary(const ast::BinaryExpr* binary) {
  if (binary->op == Operator::And || binary->op == Operator::Or) return check_logic(binary);
  const Type* left = check_expr(binary->left);
  // `image.version < "2.0"`: a text takes the form that the other side has.
  bool to_right = has_text_form(left->kind) && as_literal(binary->right, ast::LiteralKind::String);
  const Type* right = check_expr(binary->right, to_right ? left : nullptr);
  if (has_text_form(right->kind) && as_literal(binary->left, ast::LiteralKind::String))
    left = check_expr(binary->left, right);
  if (left->is(TypeKind::Error) || right->is(TypeKind::Error)) return simple(TypeKind::Error);
  for (auto [side, type] : {std::pair(binary->left, left), std::pair(binary->right, right)}) {
    if (type->is(TypeKind::Secret))
      return report_secret(side, fmt::format("`{}`", ir::symbol_of(binary->op)));
    if (type->is(TypeKind::Quantiled)) {
      diagnostics_.report(side->span, diag::QuantileMissing)
          .advise("name the quantile: `latency(99%)`")
          .fix(after(side->span), "(99%)");
      return simple(TypeKind::Error);
    }
  }
  if (const Type* presence = check_presence(binary, left, right)) return presence;
  if (binary->op != Operator::Add) {
    left = as_points(binary->left, left, right);
    right = as_points(binary->right, right, left);
  }
  if (binary->op == Operator::Range) return check_range(binary, left, right);
  return compares(binary->op) ? comparison(binary, left, right) : arithmetic(binary, left, right);
}

/// `and`, `or`: of plan time. Live conditions are clauses of their own.
const Type* ValueChecker::check_logic(const ast::BinaryExpr* binary) {
  std::string whose = fmt::format("`{}`", ir::symbol_of(binary->op));
  const Type* left = check_expr(binary->left);
  if (const Type* fallback = check_fallback(binary, left)) return fallback;
  const Type* right = check_expr(binary->right);
  if (left->is(TypeKind::Live) || right->is(TypeKind::Live)) {
    report_live(binary, whose, "a Bool");
    return simple(TypeKind::Error);
  }
  bool joins = left->is(TypeKind::Bool) || left->is(TypeKind::Error);
  if (binary->op == Operator::Or && !joins && (left == right || left->is(TypeKind::None))) {
    Diagnostic& diagnostic = diagnostics_.report(binary->left->span, diag::WrongType, whose,
                                                 "Bool, or what may be absent", text(left));
    if (left == right)
      diagnostic.advise(with_article(left) + " is always there: leave out `or` and what stands behind it");
    else diagnostic.advise("`none` is never there: leave it out, and the `or` behind it");
    return right;
  }
  expect_found(binary->left, left, simple(TypeKind::Bool), whose);
  expect_found(binary->right, right, simple(TypeKind::Bool), whose);
  return simple(TypeKind::Bool);
}

/// Beside Points a literal such as `0.5%` is a number of points; everything else keeps its type.
const Type* ValueChecker::as_points(const ast::Expr* expr, const Type* type, const Type* other) {
  auto* minus = expr->kind == ast::ExprKind::Unary ? static_cast<const ast::UnaryExpr*>(expr) : nullptr;
  const ast::Expr* number = minus ? minus->operand : expr;
  if (kind_behind(other) != TypeKind::Points || !as_literal(number, ast::LiteralKind::Percent)) return type;
  info(number).type = simple(TypeKind::Points);
  return info(expr).type = simple(TypeKind::Points);
}

const Type* ValueChecker::report_units(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  Diagnostic& diagnostic = diagnostics_.report(binary->op_span, diag::UnitMismatch,
                                               std::string(ir::symbol_of(binary->op)), text(left), text(right));
  diagnostic.at(binary->left->span, text(left)).at(binary->right->span, text(right));
  TypeKind one = kind_behind(left), other = kind_behind(right);
  bool added = binary->op == Operator::Add || binary->op == Operator::Subtract || compares(binary->op);
  bool money = added && is_one(TypeKind::Money, one, other) && (ir::is_number(one) || ir::is_number(other));
  bool adds = binary->op == Operator::Add || binary->op == Operator::Subtract;
  bool quantities = ir::is_quantity(one) && ir::is_quantity(other) && !is_one(TypeKind::Points, one, other);
  std::string instead = money ? money_advice(binary) : std::string();
  if (adds && quantities && is_one(TypeKind::Percent, one, other)) instead = share_advice(binary);
  if (instead.empty()) instead = advice(one, binary->op, other);
  if (!instead.empty()) diagnostic.advise(std::move(instead));
  bool share = added && one == TypeKind::Percent && ir::is_number(other);
  if (share && binary->right->kind == ast::ExprKind::Literal) diagnostic.fix(after(binary->right->span), "%");
  return simple(TypeKind::Error);
}

const Type* ValueChecker::arithmetic(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  bool live = left->is(TypeKind::Live) || right->is(TypeKind::Live);
  TypeKind a = kind_behind(left), b = kind_behind(right);
  std::optional<TypeKind> result = ir::result_of(a, binary->op, b);
  // The engine compares sums and multiples of live values; it derives no other unit from them.
  bool derived = result && *result != a && *result != b && *result != TypeKind::Float;
  bool count = result == TypeKind::Int, adds = binary->op == Operator::Add || binary->op == Operator::Subtract;
  if (live && derived && !count && !adds) result.reset();
  if (!result) return report_units(binary, left, right);
  return live ? program_.types.live(simple(*result)) : simple(*result);
}

const Type* ValueChecker::comparison(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  bool live = left->is(TypeKind::Live) || right->is(TypeKind::Live);
  TypeKind a = kind_behind(left), b = kind_behind(right);
  bool equality = binary->op == Operator::Equal || binary->op == Operator::NotEqual;
  bool plain = (a >= TypeKind::Bool && a <= TypeKind::Path && !(live && a == TypeKind::Bool)) ||
               (left == right && a == TypeKind::Enum);
  if (!ir::same_dimension(a, b) || !plain || (!ir::is_ordered(a) && !equality))
    return report_units(binary, left, right);
  return live ? program_.types.live(simple(TypeKind::Bool)) : simple(TypeKind::Bool);
}

}  // namespace rollout::check
