#include "compiler/verify/exclusive.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

namespace rollout::verify {

using plan::Comparison;
using plan::Condition;
using plan::ConditionKind;
using plan::none;

namespace {

constexpr size_t max_values = 32;  // of one gate, as each is compared with each other

/// Sums of differences; of equal ones that with more that must not be equal is less.
struct Weight {
  double most = 0;
  int strict = 0;
  friend Weight operator+(Weight a, Weight b) { return {a.most + b.most, a.strict + b.strict}; }
  friend bool operator<(Weight a, Weight b) { return a.most != b.most ? a.most < b.most : a.strict > b.strict; }
};

/// `to` is at most `weight` more than `from`.
struct Edge {
  size_t from = 0, to = 0;
  Weight weight;
  uint32_t condition = none;  ///< none: so it is anyway
};

Comparison negated(Comparison comparison) {
  switch (comparison) {
    case Comparison::Less: return Comparison::GreaterEqual;
    case Comparison::LessEqual: return Comparison::Greater;
    case Comparison::Greater: return Comparison::LessEqual;
    case Comparison::GreaterEqual: return Comparison::Less;
    case Comparison::Equal: return Comparison::NotEqual;
    case Comparison::NotEqual: return Comparison::Equal;
  }
  return comparison;
}

class Differences {
 public:
  Differences(const plan::Plan& plan, const plan::Gate& gate, const std::vector<Ends>& ends)
      : plan_(plan), gate_(gate), ends_(ends) {}

  std::vector<uint32_t> find() {
    int fewest = INT32_MAX;  // samples that a requirement looks at
    for (uint32_t index : gate_.conditions)
      if (plan_.conditions[index].kind == ConditionKind::Require)
        fewest = std::min(fewest, plan_.conditions[index].samples);
    std::vector<uint32_t> apart;
    for (uint32_t index : gate_.conditions) {
      const Condition& condition = plan_.conditions[index];
      bool reject = condition.kind == ConditionKind::Reject;
      bool plain = condition.proven_ppb == 0 && condition.baseline == none && condition.deviations == 0 &&
                   (!condition.right || condition.factor == 1);
      // A rejection that looks for longer than a requirement may still be undecided.
      if (!plain || (reject && condition.samples > fewest)) continue;
      Comparison comparison = reject ? negated(condition.comparison) : condition.comparison;
      if (comparison == Comparison::NotEqual) apart.push_back(index);
      else add(index, comparison);
    }
    if (values_.size() > max_values) return {};
    order_quantiles();
    std::vector<uint32_t> found = circle();
    for (size_t i = 0; i < apart.size() && found.empty(); ++i) found = both_sides(apart[i]);
    return found;
  }

 private:
  using Value = std::tuple<uint32_t, plan::Role, int64_t>;

  size_t value_of(const plan::Term& term) {
    auto [known, fresh] = values_.try_emplace({term.signal, term.role, term.quantile_ppb}, values_.size() + 1);
    if (!fresh) return known->second;
    const Ends& ends = ends_[term.signal];
    if (std::isfinite(ends.low)) edges_.push_back({known->second, 0, {-ends.low, 0}});
    if (std::isfinite(ends.high)) edges_.push_back({0, known->second, {ends.high, 0}});
    return known->second;
  }
  void add(uint32_t index, Comparison comparison) {
    const Condition& condition = plan_.conditions[index];
    size_t left = value_of(condition.left), right = condition.right ? value_of(*condition.right) : 0;
    bool below = comparison == Comparison::Less || comparison == Comparison::LessEqual;
    bool above = comparison == Comparison::Greater || comparison == Comparison::GreaterEqual;
    int strict = comparison == Comparison::Less || comparison == Comparison::Greater ? 1 : 0;
    if (!above) edges_.push_back({right, left, {condition.offset, strict}, index});
    if (!below) edges_.push_back({left, right, {-condition.offset, strict}, index});
  }
  /// Of one histogram a higher quantile is never less than a lower one.
  void order_quantiles() {
    for (const auto& [lower, at] : values_)
      for (const auto& [higher, above] : values_) {
        bool one = std::get<0>(lower) == std::get<0>(higher) && std::get<1>(lower) == std::get<1>(higher);
        if (one && std::get<2>(lower) < std::get<2>(higher)) edges_.push_back({above, at, {}});
      }
  }

  /// By Bellman and Ford: differences that add up to less than nothing.
  std::vector<uint32_t> circle() const {
    std::vector<Weight> most(values_.size() + 1);
    std::vector<const Edge*> by(most.size());
    const Edge* last = nullptr;
    for (size_t round = 0; round < most.size(); ++round) {
      last = nullptr;
      for (const Edge& edge : edges_)
        if (Weight over = most[edge.from] + edge.weight; over < most[edge.to])
          most[edge.to] = over, by[edge.to] = last = &edge;
      if (!last) return {};
    }
    size_t at = last->to;
    for (size_t i = 0; i < most.size(); ++i) at = by[at]->from;
    std::vector<uint32_t> found;
    int rejects = 0;
    size_t first = at;
    do {
      uint32_t condition = by[at]->condition;
      if (condition != none) found.push_back(condition);
      if (condition != none && plan_.conditions[condition].kind == ConditionKind::Reject) ++rejects;
      at = by[at]->from;
    } while (at != first);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    // Values that change from sample to sample pass two rejections, each of which wants several of them.
    return rejects > 1 ? std::vector<uint32_t>() : found;
  }
  /// Neither more than it nor less.
  std::vector<uint32_t> both_sides(uint32_t index) {
    std::vector<uint32_t> found;
    for (Comparison side : {Comparison::Less, Comparison::Greater}) {
      size_t before = edges_.size();
      add(index, side);
      std::vector<uint32_t> here = circle();
      edges_.resize(before);
      if (here.empty()) return {};
      found.insert(found.end(), here.begin(), here.end());
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  const plan::Plan& plan_;
  const plan::Gate& gate_;
  const std::vector<Ends>& ends_;
  std::map<Value, size_t> values_;  ///< 0 is the number zero
  std::vector<Edge> edges_;
};

}  // namespace

std::vector<uint32_t> exclusive(const plan::Plan& plan, const plan::Gate& gate, const std::vector<Ends>& ends) {
  if (gate.conditions.size() < 2) return {};
  return Differences(plan, gate, ends).find();
}

}  // namespace rollout::verify
