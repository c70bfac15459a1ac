#include "compiler/plan/way_back.h"

#include <algorithm>

namespace rollout::plan {

namespace {

/// The entries that stand nearest behind each step: those with no other entry between it and them.
class Nearest {
 public:
  explicit Nearest(size_t steps) : of_(steps, 0), sets_(1) {}

  std::vector<uint32_t> take(uint32_t step) {
    std::vector<uint32_t>& set = sets_[of_[step]];
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    return set;
  }
  /// From here on only `entry` stands behind `step`.
  void replace(uint32_t step, uint32_t entry) {
    of_[step] = sets_.size();
    sets_.push_back({entry});
  }
  /// What stands behind `step` stands behind `before`, too. A chain shares one set.
  void pass(uint32_t step, uint32_t before) {
    size_t from = of_[step], to = of_[before];
    if (from == to || from == 0) return;
    if (to == 0) {
      of_[before] = from;
      return;
    }
    if (owner_.size() <= to || owner_[to] != before) {
      of_[before] = sets_.size();
      sets_.push_back(sets_[to]);
      owner_.resize(sets_.size(), none);
      owner_.back() = before;
    }
    std::vector<uint32_t>& set = sets_[of_[before]];
    set.insert(set.end(), sets_[from].begin(), sets_[from].end());
  }

 private:
  std::vector<size_t> of_;  ///< by step: index into sets_; 0: none
  std::vector<std::vector<uint32_t>> sets_;
  std::vector<uint32_t> owner_;  ///< by set: the one step that may add to it
};

}  // namespace

uint32_t commit_passed(const Plan& plan, const std::vector<bool>& begun) {
  for (uint32_t i = uint32_t(plan.steps.size()); i-- > 0;)
    if (begun[i] && plan.steps[i].kind == StepKind::Commit) return i;
  return none;
}

WayBack way_back(const Plan& plan, const std::vector<bool>& all_begun) {
  std::vector<bool> begun = all_begun;
  if (uint32_t commit = commit_passed(plan, begun); commit != none) std::fill_n(begun.begin(), commit + 1, false);
  std::vector<uint32_t> entry_of(plan.services.size(), none);
  WayBack way;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (!begun[i] || step.kind != StepKind::Act) continue;
    uint32_t& entry = entry_of[step.action.service];
    if (entry == none) {
      entry = uint32_t(way.size());
      way.push_back({step.action.service, i, i, {}});
    }
    way[entry].last_step = i;
  }
  std::reverse(way.begin(), way.end());
  std::vector<uint32_t> entry_at(plan.steps.size(), none);
  for (uint32_t k = 0; k < way.size(); ++k) entry_at[way[k].first_step] = k;
  Nearest nearest(plan.steps.size());
  for (uint32_t i = uint32_t(plan.steps.size()); i-- > 0;) {
    if (!begun[i]) continue;
    if (entry_at[i] != none) {
      way[entry_at[i]].after = nearest.take(i);
      nearest.replace(i, entry_at[i]);
    }
    for (uint32_t before : plan.steps[i].after) nearest.pass(i, before);
  }
  return way;
}

std::vector<bool> begun_up_to(const Plan& plan, uint32_t step) {
  std::vector<bool> begun(plan.steps.size());
  if (step != none) std::fill_n(begun.begin(), step + 1, true);
  return begun;
}

WayBack way_back_from(const Plan& plan, uint32_t step) { return way_back(plan, begun_up_to(plan, step)); }

std::vector<uint32_t> undo_list(const Plan& plan, const WayBack& way) {
  std::vector<uint32_t> list;
  for (const ServiceUndo& entry : way) {
    const std::vector<uint32_t>& undo = plan.steps[entry.last_step].rollback;
    list.insert(list.end(), undo.begin(), undo.end());
  }
  return list;
}

}  // namespace rollout::plan
