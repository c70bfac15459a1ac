#include "compiler/plan/way_back.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

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

/// Of the begun steps in [first, last) alone.
WayBack way_of(const Plan& plan, const std::vector<bool>& begun, uint32_t first, uint32_t last, uint32_t scope) {
  std::map<uint32_t, uint32_t> entry_of;  // by service
  WayBack way;
  for (uint32_t i = first; i < last; ++i) {
    const Step& step = plan.steps[i];
    if (!begun[i] || step.kind != StepKind::Act) continue;
    auto [entry, fresh] = entry_of.try_emplace(step.action.service, uint32_t(way.size()));
    if (fresh) way.push_back({step.action.service, i, i, scope, {}});
    way[entry->second].last_step = i;
  }
  std::reverse(way.begin(), way.end());
  std::vector<uint32_t> entry_at(last - first, none);
  for (uint32_t k = 0; k < way.size(); ++k) entry_at[way[k].first_step - first] = k;
  Nearest nearest(last - first);
  // Also through steps that do not count: what came after a scope that has gone back came after what is before it, too.
  for (uint32_t i = last; i-- > first;) {
    if (uint32_t entry = entry_at[i - first]; entry != none) {
      way[entry].after = nearest.take(i - first);
      nearest.replace(i - first, entry);
    }
    for (uint32_t before : plan.steps[i].after)
      if (before >= first) nearest.pass(i - first, before - first);
  }
  return way;
}

}  // namespace

uint32_t commit_passed(const Plan& plan, const std::vector<bool>& begun) {
  for (uint32_t i = uint32_t(plan.steps.size()); i-- > 0;)
    if (begun[i] && plan.steps[i].kind == StepKind::Commit) return i;
  return none;
}

bool is_judged(const Plan& plan, uint32_t first, uint32_t end) {
  bool beside = false, changes = false;  // something beside services; anything
  std::set<std::string_view> changed;    // services by name: a service may be seen as a whole, or at one place
  auto looks = [&](const Term& term) {
    return changed.contains(plan.services[plan.signals[term.signal].service].name);
  };
  auto judges = [&](uint32_t index) {
    const Gate& gate = plan.gates[index];
    bool refuses = gate.no_data.then != Fallback::PassUnproven || gate.undecided.then != Fallback::PassUnproven ||
                   gate.error.then != Fallback::PassUnproven;
    return refuses && (beside || std::any_of(gate.conditions.begin(), gate.conditions.end(), [&](uint32_t condition) {
                         const Condition& one = plan.conditions[condition];
                         return looks(one.left) || (one.right && looks(*one.right));
                       }));
  };
  for (uint32_t i = first; i < end; ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == StepKind::Approval && !in_preflight(plan, step)) return true;
    if (step.kind == StepKind::Hold && std::any_of(step.gates.begin(), step.gates.end(), judges)) return true;
    if (step.kind != StepKind::Act) continue;
    const Service& service = plan.services[step.action.service];
    if (!service.unreached.empty()) continue;  // nothing is changed there
    changes = true;
    beside |= service.subject != Subject::Service;
    changed.insert(service.name);
  }
  return !changes;
}

WayBack way_back(const Plan& plan, const std::vector<bool>& begun) {
  uint32_t commit = commit_passed(plan, begun);
  return way_of(plan, begun, commit == none ? 0 : commit + 1, uint32_t(plan.steps.size()), none);
}

WayBack way_back_of(const Plan& plan, const std::vector<bool>& begun, uint32_t scope) {
  return way_of(plan, begun, plan.scopes[scope].first_step, plan.scopes[scope].last_step + 1, scope);
}

std::vector<bool> begun_up_to(const Plan& plan, uint32_t step) {
  std::vector<bool> begun(plan.steps.size());
  if (step != none) std::fill_n(begun.begin(), step + 1, true);
  return begun;
}

WayBack way_back_from(const Plan& plan, uint32_t step) { return way_back(plan, begun_up_to(plan, step)); }

const std::vector<uint32_t>& undo_of(const Plan& plan, const ServiceUndo& entry) {
  return undo_to(plan.steps[entry.last_step], entry.scope);
}

std::vector<uint32_t> undo_list(const Plan& plan, const WayBack& way) {
  std::vector<uint32_t> list;
  for (const ServiceUndo& entry : way) {
    const std::vector<uint32_t>& undo = undo_of(plan, entry);
    list.insert(list.end(), undo.begin(), undo.end());
  }
  return list;
}

}  // namespace rollout::plan
