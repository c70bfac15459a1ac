#include "compiler/lock_orders.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "compiler/verify/report.h"

namespace rollout {

namespace {

using plan::Lock;
using plan::Plan;
using plan::StepKind;

bool comes_before(const Plan& plan, uint32_t earlier, uint32_t later) {
  std::vector<bool> waits(later - earlier + 1);
  waits[later - earlier] = true;
  for (uint32_t i = later; i > earlier; --i)
    for (uint32_t before : plan.steps[i].after)
      if (waits[i - earlier] && before >= earlier) waits[before - earlier] = true;
  return waits[0];
}

/// Services that a rollback undoes in the part of the lock.
std::set<uint32_t> undone_in(const Plan& plan, const Lock& lock) {
  std::set<uint32_t> services;
  for (uint32_t i = lock.first_step; i <= lock.last_step; ++i)
    if (plan.steps[i].kind == StepKind::Act && !plan.steps[i].rollback.empty())
      services.insert(plan.steps[i].action.service);
  return services;
}

/// Whether the way back may undo something in the earlier part before all of the later one is undone: one service waits
/// for another where its first step came before. `first`: by service, since the last commit.
bool may_go_first(const Plan& plan, const std::map<uint32_t, uint32_t>& first, const Lock& earlier, const Lock& later) {
  for (uint32_t one : undone_in(plan, earlier))
    for (uint32_t other : undone_in(plan, later)) {
      if (one == other) continue;
      uint32_t a = first.at(one), b = first.at(other);
      if (a >= b || !comes_before(plan, a, b)) return true;
    }
  return false;
}

}  // namespace

void LockOrders::look(const Plan& plan, const SourceMap& sources, Diagnostics& diagnostics) {
  std::vector<Order> fresh;
  look_forward(plan, fresh);
  look_back(plan, fresh);
  for (const Order& order : fresh) report_circle(order, plan::rollout_text(plan), sources, diagnostics);
}

/// A lock inside another one.
void LockOrders::look_forward(const Plan& plan, std::vector<Order>& fresh) {
  std::vector<const Lock*> open;
  for (const Lock& lock : plan.locks) {
    while (!open.empty() && open.back()->last_step < lock.first_step) open.pop_back();
    for (const Lock* outer : open) add(plan, *outer, lock, false, fresh);
    open.push_back(&lock);
  }
}

/// A lock that was taken on the way back is kept until all is back: so the locks of parts that stand behind one another
/// are held together then, the later one first, as when the rollback begins in its part.
void LockOrders::look_back(const Plan& plan, std::vector<Order>& fresh) {
  std::map<std::string, const Lock*> earlier;  // by name: the latest part since the last commit
  std::map<uint32_t, uint32_t> first;          // by service: its first step since then
  std::set<Order> seen;
  uint32_t step = 0;
  for (const Lock& lock : plan.locks) {
    for (; step <= lock.last_step; ++step) {
      if (plan.steps[step].kind == StepKind::Commit) earlier.clear(), first.clear();
      if (plan.steps[step].kind == StepKind::Act) first.try_emplace(plan.steps[step].action.service, step);
    }
    if (undone_in(plan, lock).empty()) continue;
    for (const auto& [name, before] : earlier) {
      if (name == lock.name || before->last_step > lock.first_step || !seen.insert({lock.name, name}).second) continue;
      add(plan, lock, *before, true, fresh);
      if (may_go_first(plan, first, *before, lock)) add(plan, *before, lock, true, fresh);
    }
    earlier[lock.name] = &lock;
  }
}

void LockOrders::add(const Plan& plan, const Lock& held, const Lock& wanted, bool back, std::vector<Order>& fresh) {
  if (held.name == wanted.name) return;
  constexpr size_t most = 2;  // so many tell whether another rollout has the order, too
  std::string rollout = plan::rollout_text(plan);
  std::vector<Wait>& waits = waits_[held.name][wanted.name];
  bool known = std::any_of(waits.begin(), waits.end(), [&](const Wait& one) { return one.rollout == rollout; });
  if (known || waits.size() == most) return;
  waits.push_back({plan.steps[wanted.first_step].place, std::move(rollout), back});
  fresh.emplace_back(held.name, wanted.name);
}

const LockOrders::Wait& LockOrders::wait_of(const Order& order, const std::string& other_than) const {
  const std::vector<Wait>& waits = waits_.at(order.first).at(order.second);
  auto other = std::find_if(waits.begin(), waits.end(), [&](const Wait& one) { return one.rollout != other_than; });
  return other == waits.end() ? waits.front() : *other;
}

/// The shortest way back from the lock that is waited for to the one that is held, through an order that another
/// rollout has; empty: there is none.
std::vector<std::string> LockOrders::way(const Order& closing, const std::string& rollout) const {
  using At = std::pair<std::string, bool>;  // a lock, and whether another rollout was on the way
  const At from{closing.second, false}, to{closing.first, true};
  std::map<At, At> before = {{from, from}};
  std::deque<At> open = {from};
  while (!open.empty() && open.front() != to) {
    At at = std::move(open.front());
    open.pop_front();
    auto wanted = waits_.find(at.first);
    if (wanted == waits_.end()) continue;
    for (const auto& [next, waits] : wanted->second) {
      bool other = at.second || wait_of({at.first, next}, rollout).rollout != rollout;
      if (before.try_emplace({next, other}, at).second) open.push_back({next, other});
    }
  }
  std::vector<std::string> locks;
  if (open.empty()) return locks;
  for (At at = to; at != from; at = before.at(at)) locks.push_back(at.first);
  locks.push_back(from.first);
  return {locks.rbegin(), locks.rend()};
}

/// A circle that the newest order has closed.
void LockOrders::report_circle(const Order& closing, const std::string& rollout, const SourceMap& sources,
                               Diagnostics& diagnostics) {
  std::vector<std::string> locks = way(closing, rollout);
  if (locks.empty()) return;
  locks.insert(locks.begin(), closing.first);
  if (!reported_.insert({locks.begin(), locks.end()}).second) return;
  std::string text;
  for (const std::string& lock : locks) text += fmt::format("{}`{}`", text.empty() ? "" : " → ", lock);
  const std::vector<Wait>& own = waits_.at(closing.first).at(closing.second);
  auto newest = std::find_if(own.begin(), own.end(), [&](const Wait& one) { return one.rollout == rollout; });
  Diagnostic& diagnostic = diagnostics.report(verify::span_of(sources, newest->place), diag::LockCircle, text);
  bool back = false;
  for (size_t i = 0; i + 1 < locks.size(); ++i) {
    const Wait& wait = i == 0 ? *newest : wait_of({locks[i], locks[i + 1]}, rollout);
    back |= wait.back;
    diagnostic.note(wait.back ? fmt::format("going back, {} still holds `{}` when it takes `{}` of {} again",
                                            wait.rollout, locks[i], locks[i + 1], wait.place)
                              : fmt::format("`{}` is taken inside `{}` at {}, by {}", locks[i + 1], locks[i],
                                            wait.place, wait.rollout));
  }
  diagnostic.advise(back ? "take locks in one order in all rollouts, or one of them around both parts"
                         : "take locks in one order in all rollouts");
}

}  // namespace rollout
