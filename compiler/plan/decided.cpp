#include "compiler/plan/decided.h"

#include <limits>

namespace rollout::plan {

namespace {

constexpr double no_end = std::numeric_limits<double>::infinity();

struct Interval {
  double low = -no_end, high = no_end;
};

Interval times(Interval range, double factor) {
  if (factor == 0) return {0, 0};
  Interval scaled{range.low * factor, range.high * factor};
  return factor > 0 ? scaled : Interval{scaled.high, scaled.low};
}

Interval plus(Interval a, Interval b) { return {a.low + b.low, a.high + b.high}; }

Interval interval_of(const Plan& plan, const Term& term) {
  switch (plan.signals[term.signal].evidence) {
    case Evidence::Counts: return {0, double(eval::percent_all)};
    case Evidence::Buckets: return {0, no_end};
    case Evidence::Value: break;
  }
  return {};
}

bool is_same(const Term& a, const Term& b) {
  return a.signal == b.signal && a.role == b.role && a.quantile_ppb == b.quantile_ppb;
}

/// `always` and `never` of one comparison.
std::optional<bool> known(bool always, bool never) {
  if (always) return true;
  return never ? std::optional(false) : std::nullopt;
}

std::optional<bool> compared(Interval left, Comparison comparison, Interval right) {
  bool one = left.low == left.high && right.low == right.high && left.low == right.low;
  bool apart = left.high < right.low || right.high < left.low;
  switch (comparison) {
    case Comparison::Less: return known(left.high < right.low, left.low >= right.high);
    case Comparison::LessEqual: return known(left.high <= right.low, left.low > right.high);
    case Comparison::Greater: return known(left.low > right.high, left.high <= right.low);
    case Comparison::GreaterEqual: return known(left.low >= right.high, left.high < right.low);
    case Comparison::Equal: return known(one, apart);
    case Comparison::NotEqual: return known(apart, one);
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> decided(const Plan& plan, const Condition& condition) {
  Interval left = interval_of(plan, condition.left), right{condition.offset, condition.offset};
  if (condition.baseline != none) {
    right = plus(right, times(left, condition.factor));
    right = plus(right, times({0, no_end}, condition.deviations));
  } else if (condition.right && is_same(condition.left, *condition.right)) {
    left = times(left, 1 - condition.factor);
  } else if (condition.right) {
    right = plus(right, times(interval_of(plan, *condition.right), condition.factor));
  }
  return compared(left, condition.comparison, right);
}

}  // namespace rollout::plan
