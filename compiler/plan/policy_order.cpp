#include "compiler/plan/policy_order.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace rollout::plan {

namespace {

constexpr size_t max_groups = 64;  ///< of people; of more than that the rest counts for nothing

std::vector<std::string> people_of(const Approval& approval) {
  std::vector<std::string> people = approval.members;
  if (approval.escalation)
    people.insert(people.end(), approval.escalation->members.begin(), approval.escalation->members.end());
  std::sort(people.begin(), people.end());
  people.erase(std::unique(people.begin(), people.end()), people.end());
  return people;
}

bool disjoint(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  std::vector<std::string> both;
  std::set_intersection(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(both));
  return both.empty();
}

}  // namespace

Passed::Passed(const Plan& plan, const std::vector<uint32_t>& first, bool two_people)
    : plan_(plan), two_people_(two_people), scope_of_(scopes_of_steps(plan)) {
  size_t steps = plan.steps.size();
  begun_.resize(steps), done_.resize(steps);
  std::vector<Mask> own(steps);
  for (uint32_t step : first) own[step] = two_people ? bit_of(plan.steps[step].approval) : 1;
  for (size_t one = 0; one < people_.size(); ++one) {
    others_.push_back(0);
    for (size_t other = 0; other < people_.size(); ++other)
      if (disjoint(people_[one], people_[other])) others_[one] |= Mask{1} << other;
  }
  for (uint32_t i = 0; i < steps; ++i) {
    // By the loop or block whose rounds may fail: how many of them have surely passed one, each counted once.
    std::map<uint32_t, std::vector<uint32_t>> rounds;
    for (uint32_t before : plan.steps[i].after) {
      begun_[i] |= behind(before, i);
      uint32_t left = left_scope(before, i);
      if (left != none && done_[before] != 0) rounds[plan.scopes[left].group].push_back(left);
    }
    for (auto& [group, scopes] : rounds) {
      std::sort(scopes.begin(), scopes.end());
      auto passed = std::unique(scopes.begin(), scopes.end()) - scopes.begin();
      const UndoScope& scope = plan.scopes[scopes.front()];
      if (!two_people && scope.on_failure == OnFailure::Continue && passed > scope.at_most) begun_[i] |= 1;
    }
    done_[i] = begun_[i] | own[i];
  }
}

Passed::Mask Passed::bit_of(uint32_t index) {
  const Approval& approval = plan_.approvals[index];
  std::vector<std::string> people = people_of(approval);
  bool alone = approval.quorum >= 2 || people.size() > 1;
  for (size_t bit = 0; bit < people_.size(); ++bit)
    if (people_[bit] == people && ((enough_alone_ >> bit & 1) != 0) == alone) return Mask{1} << bit;
  if (people_.size() == max_groups) return 0;
  people_.push_back(std::move(people));
  Mask bit = Mask{1} << (people_.size() - 1);
  if (alone) enough_alone_ |= bit;
  return bit;
}

bool Passed::enough(Mask mask) const {
  if (!two_people_) return mask != 0;
  if ((mask & enough_alone_) != 0) return true;
  for (Mask left = mask; left != 0; left &= left - 1)
    if ((others_[size_t(std::countr_zero(left))] & mask) != 0) return true;
  return false;
}

/// The outermost scope around `before` that may have failed and gone back when `step`, outside of it, begins.
uint32_t Passed::left_scope(uint32_t before, uint32_t step) const {
  uint32_t left = none;
  for (uint32_t scope = scope_of_[before]; scope != none; scope = plan_.scopes[scope].parent) {
    if (plan_.scopes[scope].last_step >= step) break;
    if (goes_on(plan_.scopes[scope])) left = scope;
  }
  return left;
}

/// What has surely passed because `before` is over: of a scope that may have gone back only what every step of it, with
/// any of which that began, had in front of it.
Passed::Mask Passed::behind(uint32_t before, uint32_t step) {
  uint32_t left = left_scope(before, step);
  if (left == none) return done_[before];
  const UndoScope& scope = plan_.scopes[left];
  auto [known, fresh] = in_front_.try_emplace(left, begun_[scope.first_step]);
  for (uint32_t i = scope.first_step; fresh && i <= scope.last_step; ++i) known->second &= begun_[i];
  return known->second;
}

uint32_t Passed::fails_for(uint32_t step) const {
  uint32_t only = none;
  for (uint32_t before : plan_.steps[step].after) {
    uint32_t left = left_scope(before, step);
    if (left == none || !enough(done_[before])) continue;
    if (only != none && left != left_scope(only, step)) return none;
    only = before;
  }
  return only;
}

bool may_come_before(const Plan& plan, const std::vector<uint32_t>& first, const std::vector<uint32_t>& then) {
  if (first.empty() || then.empty()) return false;
  if (first.front() < then.back()) return true;  // what comes later in the plan is nobody's predecessor
  // All of `first` stand behind all of `then`: one of them that does not wait for one of those may be earlier.
  constexpr size_t at_once = 64;
  for (size_t from = 0; from < then.size(); from += at_once) {
    size_t count = std::min(at_once, then.size() - from);
    std::vector<uint64_t> waits(plan.steps.size());
    for (size_t k = 0; k < count; ++k) waits[then[from + k]] |= uint64_t{1} << k;
    for (uint32_t i = 0; i < plan.steps.size(); ++i)
      for (uint32_t before : plan.steps[i].after) waits[i] |= waits[before];
    uint64_t all = count == at_once ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    for (uint32_t step : first)
      if (waits[step] != all) return true;
  }
  return false;
}

}  // namespace rollout::plan
