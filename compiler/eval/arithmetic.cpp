#include "compiler/eval/arithmetic.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/eval/calendar_value.h"
#include "compiler/eval/version.h"

namespace rollout::eval {

namespace {

using Kind = Value::Kind;
using ast::Operator;

bool is_plain(const Value& value) { return value.is(Kind::Int) || value.is(Kind::Float); }
double plain(const Value& value) { return value.is(Kind::Float) ? value.real : double(value.number); }

/// `of the same kind` keeps what the number alone does not say: the currency.
Value with_currency(Value value, const Value& left, const Value& right) {
  if (value.is(Kind::Money)) value.text = left.is(Kind::Money) ? left.text : right.text;
  return value;
}

OpError too_large(Kind kind) {
  switch (kind) {
    case Kind::Duration: return OpError{"the result is too large: a Duration is at most 292 years"};
    case Kind::Money: return OpError{"the result is too large: Money is at most 92 quadrillion"};
    default: return OpError{"the result is too large"};
  }
}

Result<Value> whole(Kind kind, __int128 number) {
  if (number > INT64_MAX || number < INT64_MIN) return too_large(kind);
  return Value::of(kind, int64_t(number));
}

Result<Value> rounded(Kind kind, double number) {
  if (!std::isfinite(number) || (kind != Kind::Float && std::fabs(number) > 9.2e18)) return too_large(kind);
  return kind == Kind::Float ? Value::real_number(number) : Value::of(kind, std::llround(number));
}

/// `number / by`, half away from zero; a count is rounded down.
__int128 quotient(__int128 number, __int128 by, Kind kind) {
  __int128 result = number / by, rest = number % by;
  if (rest == 0) return result;
  bool negative = (number < 0) != (by < 0);
  if (kind == Kind::Int) return negative ? result - 1 : result;
  __int128 half = rest < 0 ? -rest : rest, size = by < 0 ? -by : by;
  if (half * 2 < size) return result;
  return negative ? result - 1 : result + 1;
}

constexpr __int128 rate_times_ns = __int128(rate_one) * ns_per_s;

/// What the product of two Values, as they are kept, is too large by.
__int128 product_scale(const Value& left, const Value& right) {
  if (is_plain(left) || is_plain(right)) return 1;
  if (left.is(Kind::Percent) || right.is(Kind::Percent)) return percent_all;
  bool lasts = left.is(Kind::Duration) || right.is(Kind::Duration);
  return lasts ? rate_times_ns : 1;
}

Result<Value> multiply(const Value& left, const Value& right, Kind result) {
  if (left.is(Kind::Float) || right.is(Kind::Float)) return rounded(result, plain(left) * plain(right));
  return whole(result, quotient(__int128(left.number) * right.number, product_scale(left, right), result));
}

Result<Value> divide(const Value& left, const Value& right, Kind result) {
  if (plain(right) == 0) return OpError{"division by zero"};
  if (result == Kind::Float) return rounded(result, plain(left) / plain(right));
  // A quantity over a number keeps its unit; a count or bytes over a time, or over so much in a time, change it.
  __int128 scale = result == left.kind ? 1 : rate_times_ns;
  if (left.is(Kind::Float) || right.is(Kind::Float)) return rounded(result, plain(left) * double(scale) / plain(right));
  return whole(result, quotient(__int128(left.number) * scale, right.number, result));
}

Result<Value> add(const Value& left, const Value& right, Kind result, int sign) {
  if (result == Kind::String) return Value::of(Kind::String, left.text + right.text);
  if (result == Kind::Float) return rounded(result, plain(left) + sign * plain(right));
  return whole(result, __int128(left.number) + sign * __int128(right.number));
}

/// Nothing is known here of what one currency is worth in another.
Status same_currency(const Value& left, const Value& right) {
  if (!left.is(Kind::Money) || !right.is(Kind::Money) || left.text == right.text) return Done{};
  return OpError{fmt::format("{} and {} are different currencies, and they are never converted", to_text(left),
                             to_text(right))};
}

template <typename T>
int order(T left, T right) {
  return left < right ? -1 : left > right;
}

}  // namespace

Result<Value> compute(Operator op, const Value& left, const Value& right, Kind result) {
  if (Status same = same_currency(left, right); !same) return same.error();
  Result<Value> value = Value{};
  switch (op) {
    case Operator::Add:
      value = result == Kind::Calendar ? add_calendars(left, right) : add(left, right, result, 1);
      break;
    case Operator::Subtract: value = add(left, right, result, -1); break;
    case Operator::Multiply: value = multiply(left, right, result); break;
    case Operator::Divide: value = divide(left, right, result); break;
    case Operator::Negate: case Operator::Not: case Operator::Less: case Operator::LessEqual: case Operator::Greater:
    case Operator::GreaterEqual: case Operator::Equal: case Operator::NotEqual: case Operator::And:
    case Operator::Or: case Operator::Range: return OpError{"no arithmetic"};
  }
  return value ? Result<Value>(with_currency(std::move(*value), left, right)) : value;
}

Result<int> compare(const Value& left, const Value& right) {
  if (Status same = same_currency(left, right); !same) return same.error();
  if (left.is(Kind::Float) || right.is(Kind::Float)) return order(plain(left), plain(right));
  if (left.is(Kind::Version)) return compare_versions(left.text, right.text);
  if (left.is(Kind::Money)) return order(left.number, right.number);
  if (left.is(Kind::Calendar)) return left == right ? 0 : 1;
  if (!left.text.empty() || !right.text.empty()) return left.text.compare(right.text);
  return order(left.number, right.number);
}

}  // namespace rollout::eval
