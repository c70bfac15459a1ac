#include "compiler/eval/arithmetic.h"

#include <cmath>

#include <llvm/ADT/StringRef.h>

namespace rollout::eval {

namespace {

using Kind = Value::Kind;
using ast::Operator;

bool is_plain(const Value& value) { return value.is(Kind::Int) || value.is(Kind::Float); }
double plain(const Value& value) { return value.is(Kind::Float) ? value.real : double(value.number); }

std::optional<Value> whole(Kind kind, __int128 number) {
  if (number > INT64_MAX || number < INT64_MIN) return std::nullopt;
  return Value::of(kind, int64_t(number));
}

std::optional<Value> rounded(Kind kind, double number) {
  if (!std::isfinite(number) || std::fabs(number) > 9.2e18) return std::nullopt;
  return kind == Kind::Float ? Value::real_number(number) : Value::of(kind, std::llround(number));
}

std::optional<Value> multiply(const Value& left, const Value& right, Kind result) {
  if (result == Kind::Float) {
    bool rate = left.is(Kind::Rate) || right.is(Kind::Rate);
    double scale = rate ? double(rate_one) * double(ns_per_s) : 1;
    return rounded(result, plain(left) * plain(right) / scale);
  }
  if (left.is(Kind::Percent) && !is_plain(right))
    return whole(result, __int128(left.number) * right.number / percent_all);
  if (right.is(Kind::Percent) && !is_plain(left))
    return whole(result, __int128(left.number) * right.number / percent_all);
  if (left.is(Kind::Float) || right.is(Kind::Float)) return rounded(result, plain(left) * plain(right));
  return whole(result, __int128(left.number) * right.number);
}

int compare_versions(llvm::StringRef left, llvm::StringRef right) {
  while (!left.empty() || !right.empty()) {
    auto [a, left_rest] = left.split('.');
    auto [b, right_rest] = right.split('.');
    unsigned long long x = 0, y = 0;
    bool numbers = !a.getAsInteger(10, x) && !b.getAsInteger(10, y);
    int order = numbers ? (x < y ? -1 : x > y) : a.compare(b);
    if (order) return order;
    left = left_rest;
    right = right_rest;
  }
  return 0;
}

}  // namespace

std::optional<Value> compute(Operator op, const Value& left, const Value& right, Kind result) {
  switch (op) {
    case Operator::Add:
    case Operator::Subtract: {
      if (result == Kind::String) return Value::of(Kind::String, left.text + right.text);
      int sign = op == Operator::Add ? 1 : -1;
      if (result == Kind::Float) return rounded(result, plain(left) + sign * plain(right));
      return whole(result, __int128(left.number) + sign * __int128(right.number));
    }
    case Operator::Multiply: return multiply(left, right, result);
    case Operator::Divide: {
      double divisor = plain(right);
      if (divisor == 0) return std::nullopt;
      return rounded(result, plain(left) / divisor);
    }
    case Operator::Negate: case Operator::Not: case Operator::Less: case Operator::LessEqual: case Operator::Greater:
    case Operator::GreaterEqual:
    case Operator::Equal:
    case Operator::NotEqual:
    case Operator::And:
    case Operator::Or: break;
  }
  return std::nullopt;
}

int compare(const Value& left, const Value& right) {
  if (left.is(Kind::Float) || right.is(Kind::Float)) {
    double a = plain(left), b = plain(right);
    return a < b ? -1 : a > b;
  }
  if (left.is(Kind::Version)) return compare_versions(left.text, right.text);
  if (!left.text.empty() || !right.text.empty()) return left.text.compare(right.text);
  return left.number < right.number ? -1 : left.number > right.number;
}

}  // namespace rollout::eval
