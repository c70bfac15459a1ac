#include "compiler/plan/back.h"

#include <algorithm>

#include "compiler/plan/cost.h"
#include "compiler/plan/pace.h"

namespace rollout::plan {

namespace {

using Cost = int64_t (*)(const Action&);

int64_t list_ns(const Plan& plan, const std::vector<uint32_t>& list, Cost cost) {
  int64_t total = 0;
  for (uint32_t undo : list) total = longer(total, cost(plan.undo[undo]));
  return total;
}

/// The longest chain of services that wait for each other, when each takes as long as the longest of its lists.
class Chains {
 public:
  Chains(const Plan& plan, const Region& region, Cost cost)
      : plan_(plan), region_(region), cost_(cost), own_(region.way.size()), at_(own_.size(), none),
        below_(own_.size()), next_(own_.size(), none) {
    for (uint32_t i = region.first; i < region.end; ++i) {
      uint32_t entry = entry_at(i);
      if (entry == none) continue;
      int64_t ns = step_ns(i);
      if (at_[entry] == none || ns > own_[entry]) own_[entry] = ns, at_[entry] = i;
    }
    // An entry stands behind all those that wait for it, which were changed earlier.
    for (uint32_t k = uint32_t(own_.size()); k-- > 0;)
      for (uint32_t later : region.way[k].after)
        if (int64_t ns = longer(own_[k], below_[k]); ns > below_[later]) below_[later] = ns, next_[later] = k;
  }

  uint32_t entry_at(uint32_t step) const {
    if (plan_.steps[step].kind != StepKind::Act) return none;
    auto found = region_.entry_of.find(plan_.steps[step].action.service);
    return found == region_.entry_of.end() ? none : found->second;
  }
  int64_t step_ns(uint32_t step) const { return list_ns(plan_, undo_to(plan_.steps[step], region_.scope), cost_); }
  /// With the step as the last one of its service that has begun.
  int64_t from_ns(uint32_t step, uint32_t entry) const { return longer(step_ns(step), below_[entry]); }
  int64_t own_ns(uint32_t entry) const { return own_[entry]; }

  /// The undo actions of the chain that begins with `step`.
  std::vector<uint32_t> path(uint32_t step, uint32_t entry) const {
    std::vector<uint32_t> out = undo_to(plan_.steps[step], region_.scope);
    while ((entry = next_[entry]) != none) {
      const std::vector<uint32_t>& list = undo_to(plan_.steps[at_[entry]], region_.scope);
      out.insert(out.end(), list.begin(), list.end());
    }
    return out;
  }

  /// When all of that chain has begun.
  uint32_t last_of(uint32_t step, uint32_t entry) const {
    while ((entry = next_[entry]) != none) step = std::max(step, at_[entry]);
    return step;
  }

 private:
  const Plan& plan_;
  const Region& region_;
  Cost cost_;
  std::vector<int64_t> own_;    ///< by entry: its longest list
  std::vector<uint32_t> at_;    ///< by entry: the step that has it
  std::vector<int64_t> below_;  ///< by entry: the longest chain that waits for it
  std::vector<uint32_t> next_;  ///< by entry: where that chain begins
};

/// `up_to_ns`: by step of the plan, or null.
void measure(const Plan& plan, Region& region, std::vector<int64_t>* up_to_ns) {
  for (uint32_t k = 0; k < region.way.size(); ++k) region.entry_of[region.way[k].service] = k;
  Chains all(plan, region, attempts_ns), once(plan, region, once_ns);
  for (uint32_t i = region.first; i < region.end; ++i)
    if (plan.steps[i].kind == StepKind::Lock)
      region.lock_ns = std::max(region.lock_ns, plan.locks[plan.steps[i].lock].within_ns);
  region.done_ns.assign(region.way.size(), region.lock_ns);
  for (uint32_t k = 0; k < region.way.size(); ++k) {
    for (uint32_t before : region.way[k].after) region.done_ns[k] = std::max(region.done_ns[k], region.done_ns[before]);
    region.done_ns[k] = longer(region.done_ns[k], all.own_ns(k));
  }
  int64_t lock_ns = 0;  // of the locks up to the step
  for (uint32_t i = region.first; i < region.end; ++i) {
    if (plan.steps[i].kind == StepKind::Lock)
      lock_ns = std::max(lock_ns, plan.locks[plan.steps[i].lock].within_ns);
    if (uint32_t entry = all.entry_at(i); entry != none) {
      region.worst_ns = std::max(region.worst_ns, longer(lock_ns, all.from_ns(i, entry)));
      if (int64_t ns = once.from_ns(i, entry); region.once_from == none || ns > region.once_ns) {
        region.once_ns = ns;
        region.once_from = i;
      }
    }
    if (up_to_ns) (*up_to_ns)[i] = region.worst_ns;
  }
  if (region.once_from == none) return;
  uint32_t entry = once.entry_at(region.once_from);
  region.once_path = once.path(region.once_from, entry);
  region.once_from = once.last_of(region.once_from, entry);
}

int64_t bound_of(const Plan& plan, uint32_t scope) {
  int64_t bound = scope == none ? 0 : plan.scopes[scope].rollback.within_ns;
  if (bound <= 0) bound = plan.rollback.within_ns;
  return bound > 0 ? bound : default_rollback_ns;
}

}  // namespace

int64_t give_up_ns(const Plan& plan, const Region& region) {
  // Once the bound is over, what waits is tried for the last time, and what comes after it once.
  // A lock has a bound of its own.
  int64_t bound_ns = std::max(bound_of(plan, region.scope), region.lock_ns);
  return longer(longer(bound_ns, max_pause_ns), region.once_ns);
}

Back prove_back(const Plan& plan) {
  Back back;
  uint32_t steps = uint32_t(plan.steps.size());
  back.run_of.resize(steps);
  back.up_to_ns.resize(steps);
  std::vector<bool> begun(steps);
  for (uint32_t first = 0; first < steps;) {
    Region region;
    region.first = first, region.end = first + 1;
    while (region.end < steps && plan.steps[region.end].kind != StepKind::Commit) ++region.end;
    std::fill(begun.begin() + first, begun.begin() + region.end, true);
    region.way = way_back(plan, begun);
    for (uint32_t i = first; i < region.end; ++i) back.run_of[i] = uint32_t(back.runs.size());
    measure(plan, region, &back.up_to_ns);
    first = region.end;
    back.runs.push_back(std::move(region));
  }
  for (uint32_t scope = 0; scope < plan.scopes.size(); ++scope) {
    const UndoScope& of = plan.scopes[scope];
    Region region;
    region.first = of.first_step, region.end = of.last_step + 1, region.scope = scope;
    region.way = way_back_of(plan, begun, scope);
    measure(plan, region, nullptr);
    int64_t verify_ns = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
    back.scope_over_ns.push_back(longer(give_up_ns(plan, region), verify_ns));
    back.scopes.push_back(std::move(region));
  }
  return back;
}

}  // namespace rollout::plan
