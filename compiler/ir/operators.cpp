#include "compiler/ir/operators.h"

#include <algorithm>

namespace rollout::ir {

namespace {

using enum TypeKind;
using ast::Operator;

constexpr Operator plus = Operator::Add, minus = Operator::Subtract, times = Operator::Multiply,
                   over = Operator::Divide;

/// What every quantity can do with its like and with a plain number.
#define QUANTITY(Q)                                                                                        \
  {Q, plus, Q, Q}, {Q, times, Int, Q}, {Q, times, Float, Q}, {Int, times, Q, Q}, {Float, times, Q, Q},     \
      {Q, over, Int, Q}, {Q, over, Float, Q}, {Q, over, Q, Float}
/// A share of a quantity, from either side.
#define SHARED(Q) {Percent, times, Q, Q}, {Q, times, Percent, Q}

constexpr OperatorRow rows[] = {
    // Plain numbers. A quotient is a Float: nothing is cut off in silence.
    {Int, plus, Int, Int}, {Int, minus, Int, Int}, {Int, times, Int, Int}, {Int, over, Int, Float},
    {Int, plus, Float, Float}, {Int, minus, Float, Float}, {Int, times, Float, Float}, {Int, over, Float, Float},
    {Float, plus, Int, Float}, {Float, minus, Int, Float}, {Float, times, Int, Float}, {Float, over, Int, Float},
    {Float, plus, Float, Float}, {Float, minus, Float, Float}, {Float, times, Float, Float},
    {Float, over, Float, Float},
    {String, plus, String, String},
    // Instants are points in time everywhere; civil times are not, so nothing is added to them.
    {Instant, plus, Duration, Instant}, {Duration, plus, Instant, Instant}, {Instant, minus, Duration, Instant},
    {Instant, minus, Instant, Duration},
    {Calendar, plus, Calendar, Calendar},
    // Shares of one whole add up to a share; how far two of them are apart is no share: it may be negative.
    QUANTITY(Percent), {Percent, minus, Percent, Points}, {Percent, times, Percent, Percent},
    QUANTITY(Points), {Points, minus, Points, Points}, SHARED(Points),
    {Percent, plus, Points, Percent}, {Percent, minus, Points, Percent}, {Points, plus, Percent, Percent},
    QUANTITY(Duration), {Duration, minus, Duration, Duration}, SHARED(Duration),
    QUANTITY(Rate), {Rate, minus, Rate, Rate}, SHARED(Rate),
    QUANTITY(Bytes), {Bytes, minus, Bytes, Bytes}, SHARED(Bytes),
    QUANTITY(Throughput), {Throughput, minus, Throughput, Throughput}, SHARED(Throughput),
    QUANTITY(Money), {Money, minus, Money, Money}, SHARED(Money),
    // Derived units: a count over time and back, bytes over time and back.
    {Int, over, Duration, Rate}, {Float, over, Duration, Rate}, {Rate, times, Duration, Int},
    {Duration, times, Rate, Int}, {Int, over, Rate, Duration}, {Float, over, Rate, Duration},
    {Bytes, over, Duration, Throughput}, {Throughput, times, Duration, Bytes}, {Duration, times, Throughput, Bytes},
    {Bytes, over, Throughput, Duration}, {Rate, times, Bytes, Throughput}, {Bytes, times, Rate, Throughput},
};

#undef QUANTITY
#undef SHARED

}  // namespace

llvm::ArrayRef<OperatorRow> operator_rows() { return rows; }

std::optional<TypeKind> result_of(TypeKind left, Operator op, TypeKind right) {
  for (const OperatorRow& row : rows)
    if (row.left == left && row.op == op && row.right == right) return row.result;
  return std::nullopt;
}

bool holds_secret(const Type* type) {
  if (type->is(TypeKind::Secret)) return true;
  return std::any_of(type->arguments.begin(), type->arguments.end(), holds_secret);
}

bool is_number(TypeKind kind) { return kind == Int || kind == Float; }

bool is_quantity(TypeKind kind) {
  return kind == Percent || kind == Points || kind == Duration || kind == Rate || kind == Bytes ||
         kind == Throughput || kind == Money;
}

bool is_ordered(TypeKind kind) {
  return is_number(kind) || is_quantity(kind) || kind == Time || kind == Date || kind == Instant ||
         kind == Version;
}

bool same_dimension(TypeKind left, TypeKind right) { return left == right || (is_number(left) && is_number(right)); }

std::string_view symbol_of(Operator op) {
  switch (op) {
    case Operator::Negate: return "-";
    case Operator::Not: return "not";
    case Operator::Multiply: return "*";
    case Operator::Divide: return "/";
    case Operator::Add: return "+";
    case Operator::Subtract: return "-";
    case Operator::Less: return "<";
    case Operator::LessEqual: return "<=";
    case Operator::Greater: return ">";
    case Operator::GreaterEqual: return ">=";
    case Operator::Equal: return "==";
    case Operator::NotEqual: return "!=";
    case Operator::And: return "and";
    case Operator::Or: return "or";
    case Operator::Range: return "..";
  }
  return "?";
}

}  // namespace rollout::ir
