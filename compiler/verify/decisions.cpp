#include "compiler/verify/decisions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/judge/power.h"
#include "compiler/judge/sight.h"
#include "compiler/plan/cost.h"
#include "compiler/verify/looks.h"
#include "compiler/verify/together.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

using plan::Comparison;
using plan::Condition;
using plan::ConditionKind;
using plan::Forward;
using plan::Gate;
using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::Term;
using plan::longer;
using plan::none;

namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

/// Numbers from `low` to `high`; an open end is no part of it.
struct Interval {
  double low = -endless, high = endless;
  bool low_open = false, high_open = false;
  bool empty() const { return low > high || (low == high && (low_open || high_open)); }
};

Interval values_of(const Plan& plan, uint32_t index) {
  Ends ends = ends_of(plan, index);
  return {ends.low, ends.high};
}

Interval scaled(Interval values, double factor) {
  if (factor == 0) return {0, 0};
  if (factor > 0) return {values.low * factor, values.high * factor};
  return {values.high * factor, values.low * factor};
}

/// What is compared with `offset`: the left side less all that is live, or past, on the right.
Interval compared(const Plan& plan, const Condition& condition) {
  Interval left = values_of(plan, condition.left.signal), right{0, 0};
  if (condition.right) {
    const Term &a = condition.left, &b = *condition.right;
    if (a.signal == b.signal && a.role == b.role && a.quantile_ppb == b.quantile_ppb)
      return scaled(left, 1 - condition.factor);
    right = scaled(values_of(plan, b.signal), condition.factor);
  }
  if (condition.baseline != none) {
    right = scaled(values_of(plan, plan.baselines[condition.baseline].signal), condition.factor);
    if (condition.deviations != 0) right = {-endless, endless};
  }
  return {left.low - right.high, left.high - right.low};
}

/// Where the condition holds.
Interval where(Comparison comparison, double offset) {
  switch (comparison) {
    case Comparison::Less: return {-endless, offset, false, true};
    case Comparison::LessEqual: return {-endless, offset};
    case Comparison::Greater: return {offset, endless, true};
    case Comparison::GreaterEqual: return {offset, endless};
    case Comparison::Equal: return {offset, offset};
    case Comparison::NotEqual: break;  // in two pieces: nothing is said of it
  }
  return {};
}

/// Where it does not; nothing: in two pieces, or one that nothing is said of.
std::optional<Interval> outside(Comparison comparison, double offset) {
  switch (comparison) {
    case Comparison::Less: return Interval{offset, endless};
    case Comparison::LessEqual: return Interval{offset, endless, true};
    case Comparison::Greater: return Interval{-endless, offset};
    case Comparison::GreaterEqual: return Interval{-endless, offset, false, true};
    case Comparison::NotEqual: return Interval{offset, offset};
    case Comparison::Equal: break;
  }
  return std::nullopt;
}

Interval both(Interval a, Interval b) {
  Interval out = a;
  if (b.low > a.low || (b.low == a.low && b.low_open)) out.low = b.low, out.low_open = b.low_open;
  if (b.high < a.high || (b.high == a.high && b.high_open)) out.high = b.high, out.high_open = b.high_open;
  return out;
}

std::string number_text(const Plan& plan, const Condition& condition, double number) {
  eval::Value::Kind unit = plan.signals[condition.left.signal].unit;
  if (unit == eval::Value::Kind::Float) return fmt::format("{}", number);
  return eval::to_text(eval::Value::of(unit, int64_t(number)));
}

std::string range_text(const Plan& plan, const Condition& condition) {
  Interval values = values_of(plan, condition.left.signal);
  std::string name = plan.signals[condition.left.signal].name;
  if (std::isinf(values.high)) return fmt::format("`{}` is never below {}", name, number_text(plan, condition, 0));
  return fmt::format("`{}` is {} to {}", name, number_text(plan, condition, 0),
                     number_text(plan, condition, values.high));
}

/// Never, always, or nothing is decided from the start.
std::optional<bool> constant(const Plan& plan, const Condition& condition) {
  if (condition.comparison == Comparison::NotEqual) return std::nullopt;
  Interval values = compared(plan, condition);
  if (both(values, where(condition.comparison, condition.offset)).empty()) return false;
  std::optional<Interval> rest = outside(condition.comparison, condition.offset);
  if (rest && both(values, *rest).empty()) return true;
  return std::nullopt;
}

// ---- one gate ----

/// What conditions must say the same of to be held against each other.
using Compared = std::tuple<uint32_t, plan::Role, int64_t, uint32_t, int, int64_t, uint32_t, double, double>;

Compared key_of(const Condition& condition) {
  const Term &left = condition.left, right = condition.right.value_or(Term{});
  return {left.signal,        left.role,          left.quantile_ppb,  right.signal,        int(right.role),
          right.quantile_ppb, condition.baseline, condition.factor, condition.deviations};
}

Comparison mirrored(Comparison comparison) {
  switch (comparison) {
    case Comparison::Less: return Comparison::Greater;
    case Comparison::LessEqual: return Comparison::GreaterEqual;
    case Comparison::Greater: return Comparison::Less;
    case Comparison::GreaterEqual: return Comparison::LessEqual;
    case Comparison::Equal:
    case Comparison::NotEqual: break;
  }
  return comparison;
}

/// With the canary on the left, whichever side it was written on.
Condition turned(Condition condition) {
  bool right = condition.right && condition.factor == 1 && condition.right->role == plan::Role::Canary;
  if (!right || condition.left.role == plan::Role::Canary) return condition;
  std::swap(condition.left, *condition.right);
  condition.comparison = mirrored(condition.comparison);
  condition.offset = -condition.offset;
  return condition;
}

std::vector<Condition> all_turned(const Plan& plan) {
  std::vector<Condition> out;
  out.reserve(plan.conditions.size());
  for (const Condition& condition : plan.conditions) out.push_back(turned(condition));
  return out;
}

/// Where a gate can pass, as far as one condition goes.
std::optional<Interval> passes(const Condition& condition) {
  if (condition.kind == ConditionKind::Require) return where(condition.comparison, condition.offset);
  return outside(condition.comparison, condition.offset);
}

constexpr double surely = 0.99;  // a watch proves it, where that makes a gate useless

/// Whether so many samples prove what the condition claims, where its left side is more than the right one by `more`.
bool is_proven(const Plan& plan, const Condition& condition, double more, double blocks, int64_t sample_ns,
               Portions portions) {
  bool beside = condition.right || condition.baseline != none;
  double own = (beside ? condition.factor * assumed_rate : 0) + more / double(eval::percent_all);
  Claimed claimed = claimed_of(plan, condition);
  judge::Rates truth{judge::inner_rate(own), judge::inner_rate(assumed_rate)};
  judge::Growth growth =
      judge::growth_per_block(claimed.hypothesis, traffic_of(plan, condition, sample_ns, portions), truth);
  double spread = judge::normal_quantile(surely) * std::sqrt(blocks * growth.variance);
  return growth.mean > 0 && blocks * growth.mean - spread >= claimed.needed;
}

class Decisions {
 public:
  Decisions(const Plan& plan, const Forward& forward, std::vector<Finding>& findings)
      : plan_(plan), forward_(forward), findings_(findings), conditions_(all_turned(plan)),
        portions_(plan.services.size()), seen_(plan.gates.size()), told_(plan.conditions.size()),
        torn_(plan.gates.size()), together_(plan), looks_(plan, forward) {}

  void go() {
    std::vector<const plan::Watch*> next = from_the_last();
    for (const Step& step : plan_.steps) {
      watch_at(uint32_t(&step - plan_.steps.data()), next);
      if (step.kind == StepKind::Act) follow(step.action, portions_[step.action.service]);
      bool said = false;
      for (uint32_t gate : step.gates) {
        site_ = {.step = uint32_t(&step - plan_.steps.data()), .gate = gate};
        if (!seen_[gate]) look(plan_.gates[gate], step.place);
        seen_[gate] = true;
        said |= torn_[gate];
        if (step.kind == StepKind::Hold) find_starved(plan_.gates[gate], step);
      }
      if (step.gates.size() > 1) said |= exclude_each_other(step);
      if (step.kind == StepKind::Hold && !watching_.empty()) said |= find_fired(step);
      if (step.kind == StepKind::Hold && !proving_.empty()) find_proven(step);
      if (!said && !step.gates.empty()) together_.look(step, watching_, portions_, findings_);
    }
    for (const plan::Watch& watch : plan_.watches) {
      site_ = {.step = watch.first_step, .watch = uint32_t(&watch - plan_.watches.data())};
      look(watch);
    }
  }

 private:
  void look(const Gate& gate, const std::string& place) {
    size_t before = findings_.size();
    for (uint32_t index : gate.conditions) {
      const Condition& condition = plan_.conditions[index];
      std::optional<bool> always = constant(plan_, condition);
      if (!always || told_[index]) continue;
      told_[index] = true;
      bool reject = condition.kind == ConditionKind::Reject;
      std::string_view when = reject ? "always" : "never";
      if (*always == reject)
        nothing_passes(gate, place, fmt::format("a condition is {} true", when),
                       fmt::format("`{}`: {}", asked_text(condition), range_text(plan_, condition)));
      else says_nothing(condition, place, *always);
    }
    torn_[site_.gate] = find_contradiction({site_.gate}, place);
    for (size_t i = before; i < findings_.size(); ++i)
      if (findings_[i].claim == Claim::Contradiction) torn_[site_.gate] = true;
  }
  /// Whether two of its gates do; said once.
  bool exclude_each_other(const Step& step) {
    auto [known, fresh] = pairs_.try_emplace(step.gates, false);
    if (fresh) known->second = find_contradiction(step.gates, step.place);
    return known->second;
  }

  void nothing_passes(const Gate& gate, const std::string& place, std::string why, std::string which) {
    findings_.push_back({Claim::Contradiction, place, std::move(why), 0, 0, {}, {gate.text, std::move(which)}});
    findings_.back().site = site_;
  }
  void says_nothing(const Condition& condition, const std::string& place, bool always) {
    findings_.push_back({Claim::Constant, place, range_text(plan_, condition), 0, 0, {},
                         {condition.text, always ? "always" : "never"}});
    findings_.back().site = site_;
    findings_.back().site.condition = uint32_t(&condition - plan_.conditions.data());
  }

  struct Asked {
    const Gate* gate = nullptr;  ///< null: a watch, which must not fire
    const Condition* condition = nullptr;
    const plan::Watch* watch = nullptr;
  };
  /// Of conditions over the same thing, those that leave the least room.
  struct Room {
    Interval values;
    Asked low = {}, high = {};
    int samples = 0;  ///< the most that a plain `require` asks for
  };

  /// What the watches around a step, over one thing, do not fire at.
  struct Quiet {
    Room at_once;  ///< of those that fire at one sample, because what a gate sees of all samples is as much for one of
                   ///< them, or more
    Room steady;   ///< of all: values that stay as they are
    int64_t needs_ns = 0;  ///< until the slowest of them fires
  };

  /// Of one gate, or of all that judge one hold: each of them has to pass.
  bool find_contradiction(const std::vector<uint32_t>& gates, const std::string& place) {
    std::vector<Asked> all;
    std::map<Compared, Room> rooms;
    for (uint32_t gate : gates)
      for (uint32_t index : plan_.gates[gate].conditions) {
        const Condition& condition = conditions_[index];
        all.push_back({&plan_.gates[gate], &condition});
        Room& room = rooms.try_emplace(key_of(condition), Room{compared(plan_, condition)}).first->second;
        if (condition.kind == ConditionKind::Require && condition.proven_ppb == 0)
          room.samples = std::max(room.samples, condition.samples);
      }
    for (const Asked& asked : all) {
      const Condition& condition = *asked.condition;
      Room& room = rooms.find(key_of(condition))->second;
      // One that looks for longer than any `require` may still be undecided when they pass, which fails the gate unless
      // it says otherwise.
      bool late = condition.kind == ConditionKind::Reject && condition.proven_ppb == 0 && condition.samples > 1 &&
                  condition.samples > room.samples && asked.gate->undecided.then != plan::Fallback::Fail;
      std::optional<Interval> passing = passes(condition);
      if (late || !passing || constant(plan_, condition)) continue;
      narrow(room, *passing, asked);
      if (!room.values.empty()) continue;
      return exclude(room.low.gate ? room.low : asked, room.high.gate ? room.high : asked, gates, place);
    }
    return exclude_quantiles(rooms, gates, place);
  }
  /// Of one histogram a higher quantile is never less than a lower one.
  bool exclude_quantiles(const std::map<Compared, Room>& rooms, const std::vector<uint32_t>& gates,
                         const std::string& place) {
    for (auto lower = rooms.begin(); lower != rooms.end(); ++lower) {
      const Room& room = lower->second;
      if (!room.low.condition || room.low.condition->right || room.low.condition->baseline != none) continue;
      const Term& low = room.low.condition->left;
      for (auto higher = std::next(lower); higher != rooms.end(); ++higher) {
        const Asked& asked = higher->second.high;
        if (!asked.condition || asked.condition->right || asked.condition->baseline != none) continue;
        const Term& high = asked.condition->left;
        bool one = low.signal == high.signal && low.role == high.role && low.quantile_ppb < high.quantile_ppb;
        Interval between{room.values.low, higher->second.values.high, room.values.low_open,
                         higher->second.values.high_open};
        if (one && between.empty()) return exclude(room.low, asked, gates, place);
      }
    }
    return false;
  }
  /// Whether it is said: what one of several gates asks was said of this gate alone.
  bool exclude(const Asked& a, const Asked& b, const std::vector<uint32_t>& gates, const std::string& place) {
    std::string one = fmt::format("`{}`", asked_text(*a.condition));
    std::string other = fmt::format("`{}`", asked_text(*b.condition));
    if (a.gate != b.gate) {
      one += fmt::format(" of `{}`", a.gate->text), other += fmt::format(" of `{}`", b.gate->text);
      site_.gate = uint32_t(b.gate - plan_.gates.data());
    } else if (gates.size() > 1) return true;
    nothing_passes(*b.gate, place, "two conditions exclude each other", fmt::format("{} and {}", one, other));
    if (a.gate == b.gate) return true;
    findings_.back().parts[0] = fmt::format("{}` and `{}", a.gate->text, b.gate->text);
    findings_.back().parts.push_back(fmt::format("{} and {}", a.gate->text, b.gate->text));
    return true;
  }

  /// Blocks lie in each other, so those that begin first end last.
  std::vector<const plan::Watch*> from_the_last() const {
    std::vector<const plan::Watch*> all;
    for (const plan::Watch& watch : plan_.watches) all.push_back(&watch);
    std::stable_sort(all.begin(), all.end(), [](const plan::Watch* a, const plan::Watch* b) {
      return std::tuple(b->first_step, a->last_step) < std::tuple(a->first_step, b->last_step);
    });
    return all;
  }
  /// Keeps in `quiet_` what no watch around the step fires at. How soon a proof is made depends on chance, so those
  /// that prove are kept apart.
  void watch_at(uint32_t step, std::vector<const plan::Watch*>& next) {
    std::erase_if(proving_, [&](const plan::Watch* watch) { return watch->last_step < step; });
    while (!watching_.empty() && watching_.back()->last_step < step) {
      quiet_[key_of(conditions_[watching_.back()->condition])].pop_back();
      watching_.pop_back();
    }
    for (; !next.empty() && next.back()->first_step <= step; next.pop_back()) {
      const plan::Watch& watch = *next.back();
      const Condition& condition = conditions_[watch.condition];
      std::optional<Interval> rest = outside(condition.comparison, condition.offset);
      bool traffic = plan_.services[plan_.signals[condition.left.signal].service].traffic_uhz > 0;
      if (watch.last_step >= step && traffic && can_prove(plan_, condition)) proving_.push_back(&watch);
      if (condition.proven_ppb != 0 || !rest || watch.last_step < step || constant(plan_, condition)) continue;
      std::vector<Quiet>& rooms = quiet_[key_of(condition)];
      Room all{compared(plan_, condition)};
      Quiet quiet = rooms.empty() ? Quiet{all, all} : rooms.back();
      narrow(quiet.steady, *rest, {nullptr, &condition, &watch});
      if (watch.held_ns == 0 && condition.samples <= 1) narrow(quiet.at_once, *rest, {nullptr, &condition, &watch});
      quiet.needs_ns = std::max(quiet.needs_ns, watch.held_ns + (condition.samples + 1) * watch.sample_ns);
      rooms.push_back(quiet);
      watching_.push_back(&watch);
    }
  }
  static void narrow(Room& room, const Interval& to, const Asked& asked) {
    Interval next = both(room.values, to);
    if (next.low > room.values.low || next.low_open != room.values.low_open) room.low = asked;
    if (next.high < room.values.high || next.high_open != room.values.high_open) room.high = asked;
    room.values = next;
  }
  /// A gate of the hold passes only with what makes a watch around it fire.
  bool find_fired(const Step& step) {
    bool any = false;
    for (uint32_t gate : step.gates)
      for (uint32_t index : plan_.gates[gate].conditions) {
        const Condition& condition = conditions_[index];
        auto quiet = quiet_.find(key_of(condition));
        std::optional<Interval> passing = passes(condition);
        // What is not proven to be beyond it may still be.
        bool lets_by = condition.kind == ConditionKind::Reject && condition.proven_ppb != 0;
        bool watched = quiet != quiet_.end() && !quiet->second.empty();
        if (!watched || !passing || lets_by || constant(plan_, condition)) continue;
        site_.gate = gate;
        const Quiet& now = quiet->second.back();
        bool fired = fires(now.at_once, *passing, index, step) ||
                     (step.hold_ns >= now.needs_ns && fires(now.steady, *passing, index, step));
        any |= fired;
      }
    return any;
  }
  bool fires(Room room, const Interval& passing, uint32_t index, const Step& step) {
    if (room.values.empty()) return false;  // the watches alone leave nothing
    const Gate& gate = plan_.gates[site_.gate];
    narrow(room, passing, {&gate, &conditions_[index]});
    const plan::Watch* watch = room.low.watch ? room.low.watch : room.high.watch;
    if (!room.values.empty() || !watch) return false;
    if (!fired_.insert({index, watch}).second) return true;
    bool soon = watch->held_ns == 0 && plan_.conditions[watch->condition].samples <= 1;
    std::string why = soon ? "what passes it makes a watch fire" : "what passes it and stays so makes a watch fire";
    tell_fired(std::move(why), index, *watch, step);
    return true;
  }

  /// A gate of the hold passes only with so much that a watch around it has proven it by the end of the hold.
  void find_proven(const Step& step) {
    auto index = uint32_t(&step - plan_.steps.data());
    for (uint32_t gate : step.gates)
      for (uint32_t of : plan_.gates[gate].conditions) {
        const Condition& condition = conditions_[of];
        std::optional<Interval> passing = passes(condition);
        if (condition.kind != ConditionKind::Require || !passing || constant(plan_, condition)) continue;
        for (const plan::Watch* watch : proving_) {
          const Condition& claim = conditions_[watch->condition];  // the canary is on its left as written
          double least = both(compared(plan_, condition), *passing).low;
          if (key_of(claim) != key_of(condition) || least <= claim.offset || fired_.contains({of, watch})) continue;
          auto place = uint32_t(watch - plan_.watches.data());
          double blocks = looks_.samples(place, index);
          std::span<const uint32_t> sure = looks_.under(place);
          bool looks = std::binary_search(sure.begin(), sure.end(), index);
          Portions portions = portions_[plan_.signals[claim.left.signal].service];
          if (!looks || !is_proven(plan_, claim, least, blocks, watch->sample_ns, portions)) continue;
          fired_.insert({of, watch});
          site_.gate = gate;
          tell_fired("what passes it and stays so is proven to a watch first", of, *watch, step);
        }
      }
  }
  void tell_fired(std::string why, uint32_t condition, const plan::Watch& watch, const Step& step) {
    const Gate& gate = plan_.gates[site_.gate];
    findings_.push_back({Claim::Contradiction, step.place, std::move(why), 0, 0, {},
                         {gate.text, fmt::format("`{}` of `{}` and `rollback when {}`",
                                                 asked_text(plan_.conditions[condition]), gate.text, watch.text)}});
    findings_.back().site = site_;
    findings_.back().site.watch = uint32_t(&watch - plan_.watches.data());
  }

  void find_starved(const Gate& gate, const Step& step) {
    if (gate.minimum_requests <= 0 || gate.conditions.empty()) return;
    int64_t longest_ns = longer(step.hold_ns, std::max({gate.no_data.hold_ns, gate.undecided.hold_ns,
                                                        gate.error.hold_ns}));
    for (uint32_t of : gate.conditions) {
      const Term& term = plan_.conditions[of].left;
      uint32_t subject = plan_.signals[term.signal].service;
      const plan::Service& service = plan_.services[subject];
      if (service.traffic_uhz <= 0 || plan_.signals[term.signal].evidence != plan::Evidence::Counts) continue;
      double share = double(share_of(portions_[subject], term.role)) / double(eval::percent_all);
      double per_s = double(service.traffic_uhz) / 1e6 * share;
      double expected = per_s * double(longest_ns) / double(eval::ns_per_s);
      if (per_s <= 0 || expected >= double(gate.minimum_requests)) continue;
      int64_t needs_s = int64_t(std::ceil(double(gate.minimum_requests) / per_s));
      findings_.push_back({Claim::Starved, step.place,
                           fmt::format("of {} requests about {:.0f} come", gate.minimum_requests, expected), longest_ns,
                           needs_s * eval::ns_per_s, {}, {gate.text},
                           fmt::format("hold for {}, give it a larger share, or ask for fewer requests",
                                       eval::duration_text(needs_s * eval::ns_per_s))});
      findings_.back().site = site_;
      return;
    }
  }

  void look(const plan::Watch& watch) {
    // What the planner decides from the kind of a signal alone is an error there; this knows more of the signals.
    const Condition& condition = plan_.conditions[watch.condition];
    if (std::optional<bool> always = constant(plan_, condition); always && !told_[watch.condition]) {
      told_[watch.condition] = true;
      says_nothing(condition, watch.place, *always);
      return;
    }
    if (watch.first_step >= plan_.steps.size()) return;
    int64_t lasts_ns = lasts_of(watch);
    if (watch.held_ns <= 0 || lasts_ns >= watch.held_ns) return;
    findings_.push_back({Claim::IdleWatch, watch.place, {}, lasts_ns, watch.held_ns, {}, {watch.text},
                         "let it hold for less, or put it around more"});
    findings_.back().site = site_;
    findings_.back().site.condition = watch.condition;
  }

  /// At most, or so long that it does not matter.
  int64_t lasts_of(const plan::Watch& watch) const {
    int64_t begin_ns = INT64_MAX, end_ns = 0;
    for (uint32_t i = watch.first_step; i <= watch.last_step && i < plan_.steps.size(); ++i) {
      begin_ns = std::min(begin_ns, forward_.best_begin_ns[i]);
      end_ns = std::max(end_ns, forward_.worst_end_ns[i]);
      if (end_ns - begin_ns >= watch.held_ns) break;
    }
    return std::max<int64_t>(0, end_ns - begin_ns);
  }

  const Plan& plan_;
  const Forward& forward_;
  std::vector<Finding>& findings_;
  std::vector<Condition> conditions_;  ///< those of the plan, turned
  std::vector<Portions> portions_;  ///< by service
  std::vector<bool> seen_, told_;  ///< by gate, by condition
  std::vector<bool> torn_;         ///< by gate: nothing passes it
  std::map<std::vector<uint32_t>, bool> pairs_;  ///< by gates of one hold: whether two of them exclude each other
  Together together_;
  std::vector<const plan::Watch*> watching_;  ///< around the step that is looked at
  std::vector<const plan::Watch*> proving_;   ///< of those around it that prove what they fire at
  Looks looks_;
  std::map<Compared, std::vector<Quiet>> quiet_;  ///< by what they compare: of each of them and those around it
  std::set<std::pair<uint32_t, const plan::Watch*>> fired_;  ///< pairs that were reported, by condition of the gate
  Site site_;                      ///< of what is looked at
};

}  // namespace

void find_undecided(const Plan& plan, const Forward& forward, std::vector<Finding>& findings) {
  Decisions(plan, forward, findings).go();
}

}  // namespace rollout::verify
