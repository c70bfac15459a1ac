#include "compiler/verify/recheck_policies.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace rollout::verify {

using plan::OrderRule;
using plan::Plan;
using plan::none;

namespace {

/// Whether a run can come to a step without any of `first`: it goes on although their part has failed and is gone.
class Order {
 public:
  Order(const Plan& plan, const OrderRule& rule)
      : plan_(plan),
        rule_(rule),
        first_(rule.first.begin(), rule.first.end()),
        scope_of_(plan::scopes_of_steps(plan)) {}

  bool holds() {
    if (rule_.some) return may_come_first();
    if (!rule_.two_people) find_ways_without();
    return std::all_of(rule_.then.begin(), rule_.then.end(), [&](uint32_t step) { return is_kept(step); });
  }

 private:
  /// The outermost part around `before` that may be gone, for who stands outside of it.
  uint32_t gone(uint32_t before, uint32_t after) const {
    uint32_t outermost = none;
    for (uint32_t scope = scope_of_[before]; scope != none; scope = plan_.scopes[scope].parent) {
      const plan::UndoScope& part = plan_.scopes[scope];
      bool others = part.on_failure == plan::OnFailure::Continue || part.on_failure == plan::OnFailure::Stop;
      if (others && after > part.last_step) outermost = scope;
    }
    return outermost;
  }

  /// By step: it can begin and none of `first` has passed.
  void find_ways_without() {
    without_.assign(plan_.steps.size(), true);
    for (uint32_t i = 0; i < without_.size(); ++i)
      for (uint32_t before : plan_.steps[i].after) {
        uint32_t part = gone(before, i);
        bool way = part == none ? without_[before] && first_.count(before) == 0 : begins_without(part);
        if (!way) without_[i] = false;
      }
  }
  /// A part may be gone once any step of it has begun.
  bool begins_without(uint32_t part) {
    auto [known, fresh] = parts_without_.try_emplace(part, false);
    for (uint32_t i = plan_.scopes[part].first_step; fresh && i <= plan_.scopes[part].last_step; ++i)
      known->second = known->second || without_[i];
    return known->second;
  }

  bool is_kept(uint32_t step) {
    if (rule_.two_people) return two_said_yes(step);
    return !without_[step] || more_than_may_fail(step);
  }

  /// The steps that `step` waits for and that no part that may be gone stands between, itself included.
  std::set<uint32_t> waits_for(uint32_t step, uint32_t from) const {
    std::set<uint32_t> seen;
    std::vector<uint32_t> open = {step};
    while (!open.empty()) {
      uint32_t at = open.back();
      open.pop_back();
      if (at < from || !seen.insert(at).second) continue;
      for (uint32_t before : plan_.steps[at].after)
        if (gone(before, at) == none) open.push_back(before);
    }
    return seen;
  }

  /// Of a loop of which at most so many rounds may fail, more rounds have one of `first`: one is left.
  bool more_than_may_fail(uint32_t step) const {
    for (uint32_t at : waits_for(step, 0)) {
      std::map<uint32_t, std::set<uint32_t>> rounds;  // by loop, those that surely have one where they end
      for (uint32_t before : plan_.steps[at].after) {
        uint32_t round = gone(before, at);
        if (round == none || plan_.scopes[round].on_failure != plan::OnFailure::Continue) continue;
        for (uint32_t inside : waits_for(before, plan_.scopes[round].first_step))
          if (first_.count(inside) > 0) rounds[plan_.scopes[round].group].insert(round);
      }
      for (const auto& [group, with] : rounds)
        if (int64_t(with.size()) > plan_.scopes[*with.begin()].at_most) return true;
    }
    return false;
  }

  /// Those of `first` that have passed whenever the step begins.
  const std::set<uint32_t>& passed(uint32_t step) {
    for (uint32_t i = uint32_t(passed_.size()); i <= step; ++i) {
      std::set<uint32_t> all;
      for (uint32_t before : plan_.steps[i].after) {
        uint32_t part = gone(before, i);
        std::set<uint32_t> more = part == none ? passed_[before] : passed_in_all(part);
        if (part == none && first_.count(before) > 0) more.insert(before);
        all.merge(more);
      }
      passed_.push_back(std::move(all));
    }
    return passed_[step];
  }
  std::set<uint32_t> passed_in_all(uint32_t part) const {
    const plan::UndoScope& of = plan_.scopes[part];
    std::set<uint32_t> common = passed_[of.first_step];
    for (uint32_t i = of.first_step; i <= of.last_step; ++i)
      std::erase_if(common, [&](uint32_t one) { return passed_[i].count(one) == 0; });
    return common;
  }

  bool two_said_yes(uint32_t step) {
    std::vector<std::set<std::string>> asked;
    for (uint32_t one : passed(step)) {
      const plan::Approval& approval = plan_.approvals[plan_.steps[one].approval];
      std::set<std::string> people(approval.members.begin(), approval.members.end());
      if (approval.escalation)
        people.insert(approval.escalation->members.begin(), approval.escalation->members.end());
      if (approval.quorum > 1 || people.size() > 1) return true;  // of several the author is not taken
      asked.push_back(std::move(people));
    }
    for (const auto& some : asked)
      for (const auto& others : asked)
        if (std::none_of(some.begin(), some.end(), [&](const std::string& one) { return others.count(one) > 0; }))
          return true;
    return false;
  }

  /// One of `first` does not wait for every one of `then`, or comes before one of them.
  bool may_come_first() const {
    for (uint32_t then : rule_.then) {
      std::vector<bool> waits(plan_.steps.size());
      for (uint32_t i = then + 1; i < plan_.steps.size(); ++i)
        for (uint32_t before : plan_.steps[i].after) waits[i] = waits[i] || before == then || waits[before];
      for (uint32_t first : rule_.first)
        if (first != then && !waits[first]) return true;
    }
    return false;
  }

  const Plan& plan_;
  const OrderRule& rule_;
  std::set<uint32_t> first_;
  std::vector<uint32_t> scope_of_;
  std::vector<bool> without_;
  std::map<uint32_t, bool> parts_without_;
  std::vector<std::set<uint32_t>> passed_;
};

}  // namespace

void recheck_policies(const Plan& plan, std::vector<std::string>& broken) {
  for (const OrderRule& rule : plan.order_rules)
    if (!Order(plan, rule).holds())
      broken.push_back(
          fmt::format("policy `{}` asks for `{}`, and a path of the plan is not so", rule.policy, rule.text));
  for (const plan::PolicyException& one : plan.exceptions)
    if (one.asked.empty() || one.approved.empty() || one.asked == one.approved)
      broken.push_back(fmt::format("nobody else has approved the exception from policy `{}` that `{}` asks for",
                                   one.policy, one.asked));
}

}  // namespace rollout::verify
