#include "compiler/verify/exclusive.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

namespace rollout::verify {

using plan::Comparison;
using plan::Condition;
using plan::ConditionKind;
using plan::none;

namespace {

constexpr size_t max_values = 32;  // of one hold, as each is compared with each other
constexpr size_t max_multiples = 64;  // sides of them, each of which is held against each other comparison
constexpr double rounding = 1e-9;  // of what is multiplied: what is nearer than that is taken to be possible

/// Sums of differences; of equal ones that with more that must not be equal is less.
struct Weight {
  double most = 0;
  int strict = 0;
  friend Weight operator+(Weight a, Weight b) { return {a.most + b.most, a.strict + b.strict}; }
  friend bool operator<(Weight a, Weight b) { return a.most != b.most ? a.most < b.most : a.strict > b.strict; }
};

/// `to` is at most `weight` more than `factor` times `from`.
struct Edge {
  size_t from = 0, to = 0;
  Weight weight;
  std::vector<Asks> asks = {};  ///< none: so it is anyway
  double factor = 1;            ///< above 0
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
  Differences(const plan::Plan& plan, const std::vector<Asks>& all, const std::vector<Ends>& ends,
              const std::vector<Mixed>& mixed)
      : plan_(plan), all_(all), ends_(ends), mixed_(mixed) {}

  std::vector<Asks> find() {
    for (const Asks& asks : all_) {
      const Condition& condition = plan_.conditions[asks.condition];
      bool plain = condition.proven_ppb == 0 && condition.baseline == none && condition.deviations == 0 &&
                   (!condition.right || condition.factor > 0);
      if (!plain || may_stay_open(asks)) continue;
      bool require = condition.kind == ConditionKind::Require;
      Comparison comparison = require ? condition.comparison : negated(condition.comparison);
      if (comparison == Comparison::NotEqual && condition.right && condition.factor != 1) continue;
      if (comparison != Comparison::NotEqual) add(asks, comparison);
      else apart_.push_back(asks), value_of(condition.left), condition.right ? value_of(*condition.right) : 0;
    }
    if (values_.size() > max_values) return {};
    order_quantiles();
    bound_multiples();
    std::vector<Asks> found = nowhere();
    for (size_t i = 0; i < mixed_.size() && found.empty(); ++i) found = mix(mixed_[i]);
    return found;
  }

 private:
  using Value = std::tuple<uint32_t, plan::Role, int64_t>;

  /// A gate passes only with rejections whose last sample speaks for it, unless it may pass without a verdict: then one
  /// that looks for longer than each requirement may still be undecided.
  bool may_stay_open(const Asks& asks) const {
    const Condition& condition = plan_.conditions[asks.condition];
    if (condition.kind != ConditionKind::Reject || !passes_undecided(asks)) return false;
    for (const Asks& other : all_) {
      const Condition& require = plan_.conditions[other.condition];
      bool asked = other.gate == asks.gate && require.kind == ConditionKind::Require;
      if (asked && condition.samples > require.samples) return true;
    }
    return false;
  }
  bool passes_undecided(const Asks& asks) const {
    return asks.gate != none && plan_.conditions[asks.condition].samples > 1 &&
           plan_.gates[asks.gate].undecided.then != plan::Fallback::Fail;
  }

  size_t value_of(const plan::Term& term) {
    auto [known, fresh] = values_.try_emplace({term.signal, term.role, term.quantile_ppb}, values_.size() + 1);
    if (!fresh) return known->second;
    const Ends& ends = ends_[term.signal];
    if (std::isfinite(ends.low)) edges_.push_back({known->second, 0, {-ends.low, 0}});
    if (std::isfinite(ends.high)) edges_.push_back({0, known->second, {ends.high, 0}});
    return known->second;
  }
  void add(const Asks& asks, Comparison comparison) {
    const Condition& condition = plan_.conditions[asks.condition];
    size_t left = value_of(condition.left), right = condition.right ? value_of(*condition.right) : 0;
    bool below = comparison == Comparison::Less || comparison == Comparison::LessEqual;
    bool above = comparison == Comparison::Greater || comparison == Comparison::GreaterEqual;
    int strict = comparison == Comparison::Less || comparison == Comparison::Greater ? 1 : 0;
    double factor = condition.right ? condition.factor : 1;
    if (!above) edges_.push_back({right, left, {condition.offset, strict}, {asks}, factor});
    if (!below) edges_.push_back({left, right, {-condition.offset / factor, strict}, {asks}, 1 / factor});
  }
  /// What is compared with a multiple takes part by the bounds that it gives together with one other comparison: of the
  /// same two values, or of one of them with a number.
  void bound_multiples() {
    std::vector<Edge> multiples;
    for (const Edge& edge : edges_)
      if (edge.factor != 1 && multiples.size() < max_multiples) multiples.push_back(edge);
    std::map<std::pair<size_t, size_t>, Edge> bounds;
    for (const Edge& one : multiples)
      for (const Edge& other : edges_) bound(one, other, bounds);
    std::erase_if(edges_, [](const Edge& edge) { return edge.factor != 1; });
    for (auto& [between, bound] : bounds) edges_.push_back(std::move(bound));
  }
  /// The tightest of all are kept.
  static void bound(const Edge& one, const Edge& other, std::map<std::pair<size_t, size_t>, Edge>& bounds) {
    double most = one.weight.most, more = other.weight.most, rest = 1 - one.factor * other.factor;
    auto keep = [&](size_t from, size_t to, double a, double b, double scale) {
      Weight weight{(a + b + rounding * (std::abs(a) + std::abs(b))) / scale, one.weight.strict + other.weight.strict};
      auto [known, fresh] = bounds.try_emplace({from, to}, Edge{from, to, weight});
      if (!fresh && !(weight < known->second.weight)) return;
      known->second.weight = weight, known->second.asks = one.asks;
      known->second.asks.insert(known->second.asks.end(), other.asks.begin(), other.asks.end());
    };
    if (other.from == 0 && other.to == one.from) keep(0, one.to, most, one.factor * more, 1);
    if (other.to == 0 && other.from == one.to) keep(one.from, 0, most, more, one.factor);
    if (other.from != one.to || other.to != one.from || std::abs(rest) < rounding) return;
    if (rest > 0) keep(0, one.to, most, one.factor * more, rest);
    else keep(one.to, 0, most, one.factor * more, -rest);
  }
  /// Of one histogram a higher quantile is never less than a lower one.
  void order_quantiles() {
    for (const auto& [lower, at] : values_)
      for (const auto& [higher, above] : values_) {
        bool one = std::get<0>(lower) == std::get<0>(higher) && std::get<1>(lower) == std::get<1>(higher);
        if (one && std::get<2>(lower) < std::get<2>(higher)) edges_.push_back({above, at, {}});
      }
  }

  std::vector<Asks> nowhere() {
    std::vector<Asks> found = circle();
    for (size_t i = 0; i < apart_.size() && found.empty(); ++i) {
      auto side = [&](Comparison comparison) { return [this, i, comparison] { add(apart_[i], comparison); }; };
      found = in_each({side(Comparison::Less), side(Comparison::Greater)});  // neither more than it nor less
    }
    return found;
  }
  /// All of the traffic shows no less than one of its parts and no more than another one, whatever share they have.
  std::vector<Asks> mix(const Mixed& mixed) {
    std::vector<std::function<void()>> no_less, no_more;
    for (const auto& [value, all] : values_) {
      auto [signal, role, quantile] = value;
      bool gathered = plan_.signals[signal].evidence != plan::Evidence::Value;  // of a number nobody knows how
      if (role != plan::Role::All || !gathered || plan_.signals[signal].service != mixed.service) continue;
      no_less.clear(), no_more.clear();
      for (plan::Role part : mixed.roles) {
        auto of = values_.find({signal, part, quantile});
        if (of == values_.end()) break;  // what nothing is asked of may be anything
        no_less.push_back([this, all = all, of = of->second] { edges_.push_back({all, of, {}}); });
        no_more.push_back([this, all = all, of = of->second] { edges_.push_back({of, all, {}}); });
      }
      if (no_less.size() < mixed.roles.size()) continue;
      for (const auto& sides : {no_less, no_more})
        if (std::vector<Asks> found = in_each(sides); !found.empty()) return found;
    }
    return {};
  }
  /// Where none of several cases can be: what speaks against each of them.
  std::vector<Asks> in_each(const std::vector<std::function<void()>>& cases) {
    std::vector<Asks> found;
    for (const std::function<void()>& one : cases) {
      size_t before = edges_.size();
      one();
      std::vector<Asks> here = circle();
      edges_.resize(before);
      if (here.empty()) return {};
      found.insert(found.end(), here.begin(), here.end());
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  /// By Bellman and Ford: differences that add up to less than nothing.
  std::vector<Asks> circle() const {
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
    std::vector<Asks> found;
    size_t first = at;
    do {
      found.insert(found.end(), by[at]->asks.begin(), by[at]->asks.end());
      at = by[at]->from;
    } while (at != first);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    // Values that change from sample to sample keep two rejections undecided, each of which wants several of them.
    auto open = std::count_if(found.begin(), found.end(), [&](const Asks& asks) {
      return plan_.conditions[asks.condition].kind == ConditionKind::Reject && passes_undecided(asks);
    });
    return open > 1 ? std::vector<Asks>() : found;
  }

  const plan::Plan& plan_;
  const std::vector<Asks>& all_;
  const std::vector<Ends>& ends_;
  const std::vector<Mixed>& mixed_;
  std::map<Value, size_t> values_;  ///< 0 is the number zero
  std::vector<Edge> edges_;
  std::vector<Asks> apart_;  ///< of what must not be equal
};

}  // namespace

std::vector<Asks> exclusive(const plan::Plan& plan, const std::vector<Asks>& all, const std::vector<Ends>& ends,
                            const std::vector<Mixed>& mixed) {
  if (all.size() < 2) return {};
  return Differences(plan, all, ends, mixed).find();
}

}  // namespace rollout::verify
