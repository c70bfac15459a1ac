#include "compiler/verify/recheck_back.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

namespace rollout::verify {

using eval::Value;
using plan::Action;
using plan::Plan;
using plan::Role;
using plan::Setting;
using plan::Step;
using plan::StepKind;
using plan::Variable;
using plan::none;

namespace {

bool is_nothing(const Value& value) {
  bool number = value.is(Value::Kind::Int) || value.is(Value::Kind::Percent);
  bool list = value.is(Value::Kind::List) && value.items.empty();
  return value.is(Value::Kind::None) || list || (number && value.number == 0);
}

bool alike(const Value& a, const Value& b) { return a == b || (is_nothing(a) && is_nothing(b)); }

/// What a canary and its control are at first.
const Value nothing;

/// One variable of a service; the values stand in the plan.
struct Cell {
  Variable variable;
  Role role;
  const Value* first;          ///< null: nobody looked at it, the first way back says it
  const Value* now;            ///< null: no step has set it
  const Value* end = nullptr;  ///< what the way back looked at last sets it to; null: nothing
  llvm::SmallVector<std::pair<uint32_t, const Value*>, 2> entry = {};  ///< by scope: its value when that began
};

struct Subject {
  llvm::SmallVector<Cell, 8> cells;
  const std::vector<uint32_t>* list = nullptr;  ///< the way back that `Cell::end` is of
  std::vector<const Action*> compensable;       ///< since the last commit, each of which is taken back by itself
  llvm::SmallVector<std::pair<uint32_t, size_t>, 2> entered;  ///< scopes, with how many of these stood before
};

class WaysBack {
 public:
  WaysBack(const Plan& plan, std::vector<std::string>& broken)
      : plan_(plan), broken_(broken), scope_of_(plan::scopes_of_steps(plan)), subjects_(plan.services.size()) {
    for (const plan::Observed& one : plan.observed) observed_[one.what] = &one.value;
  }

  /// Says what is wrong with the first step that has no way back.
  void go() {
    for (const Step& step : plan_.steps) {
      if (step.kind == StepKind::Commit) commit();
      if (step.kind != StepKind::Act || !plan_.services[step.action.service].unreached.empty()) continue;
      if (!is_told(step.action, step.action.service) || !act(step)) return;
    }
  }

 private:
  bool wrong(std::string what) {
    broken_.push_back(std::move(what));
    return false;
  }

  /// Nothing leads behind it.
  void commit() {
    for (Subject& subject : subjects_) take_as_first(subject);
  }
  static void take_as_first(Subject& subject) {
    for (Cell& cell : subject.cells) {
      if (cell.now != nullptr) cell.first = cell.now;
      for (auto& entry : cell.entry) entry.second = cell.now;
    }
    subject.compensable.clear();
    for (auto& entered : subject.entered) entered.second = 0;
  }

  bool act(const Step& step) {
    uint32_t service = step.action.service, innermost = scope_of_[size_t(&step - plan_.steps.data())];
    Subject& subject = subjects_[service];
    for (uint32_t scope = innermost; scope != none; scope = plan_.scopes[scope].parent) enter(subject, scope);
    if (!promotes(subject, step)) return false;
    for (const Setting& one : step.action.sets) cell_of(subject, service, one).now = &one.value;
    if (step.action.reversibility == plan::Reversibility::Irreversible) {
      take_as_first(subject);
      return true;
    }
    if (step.action.reversibility == plan::Reversibility::Compensable) subject.compensable.push_back(&step.action);
    if (!leads(subject, step, step.rollback, none)) return false;
    for (uint32_t scope = innermost; scope != none; scope = plan_.scopes[scope].parent) {
      auto own = llvm::find_if(step.scope_rollback, [&](const plan::ScopeUndo& one) { return one.scope == scope; });
      if (!leads(subject, step, own != step.scope_rollback.end() ? own->undo : step.rollback, scope)) return false;
    }
    return true;
  }

  /// The library's `promote` is given nothing: it makes the canary the stable version, and leaves no canary.
  bool promotes(Subject& subject, const Step& step) {
    const Action& action = step.action;
    if (action.capability != "Workload" || action.name != "promote") return true;
    for (const Setting& one : action.sets) {
      bool version = one.variable == Variable::Version && one.role == Role::Stable;
      const Setting of_canary{Variable::Version, Role::Canary, {}};
      const Value* canary = version ? cell_of(subject, action.service, of_canary).now : nullptr;
      bool other = version && (canary == nullptr || !(one.value == *canary));
      if (other || (one.role == Role::Canary && !is_nothing(one.value)))
        return wrong(fmt::format("`{}` does not make the canary the stable version", step.text));
    }
    return true;
  }

  void enter(Subject& subject, uint32_t scope) {
    if (llvm::any_of(subject.entered, [&](const auto& one) { return one.first == scope; })) return;
    auto is_over = [&](const auto& one) { return plan_.scopes[one.first].last_step < plan_.scopes[scope].first_step; };
    llvm::erase_if(subject.entered, is_over);
    subject.entered.emplace_back(scope, subject.compensable.size());
    for (Cell& cell : subject.cells) {
      llvm::erase_if(cell.entry, is_over);
      cell.entry.emplace_back(scope, cell.now);
    }
  }

  /// To what was so at first or, of a scope, when it began.
  bool leads(Subject& subject, const Step& step, const std::vector<uint32_t>& list, uint32_t scope) {
    if (!go_back(subject, step, list)) return false;
    if (!takes_back(subject, list, scope))
      return wrong(fmt::format("the way back from `{}` does not take back what only its own undo can", step.text));
    for (Cell& cell : subject.cells) {
      auto entry = llvm::find_if(cell.entry, [&](const auto& one) { return one.first == scope; });
      bool known = entry != cell.entry.end() && entry->second != nullptr;  // else nothing has set it since the start
      const Value*& start = known ? entry->second : cell.first;
      const Value* end = cell.end != nullptr ? cell.end : cell.now;
      if (end == nullptr || end == start) continue;
      if (start != nullptr && !alike(*end, *start))
        return wrong(fmt::format("the way back from `{}` leaves {} at {}", step.text, text_of(step, cell),
                                 is_nothing(*end) ? "nothing" : eval::to_text(*end)));
      if (start == nullptr) start = end;
    }
    return true;
  }

  /// Many steps after each other have the same way back, which is read once.
  bool go_back(Subject& subject, const Step& step, const std::vector<uint32_t>& list) {
    if (subject.list != nullptr && *subject.list == list) return true;
    subject.list = &list;
    for (Cell& cell : subject.cells) cell.end = nullptr;
    for (uint32_t index : list) {
      const Action& undo = plan_.undo[index];
      if (!is_told(undo, step.action.service)) return false;
      for (const Setting& one : undo.sets) cell_of(subject, step.action.service, one).end = &one.value;
    }
    return true;
  }

  /// What only its own undo takes back, the last first.
  bool takes_back(const Subject& subject, const std::vector<uint32_t>& list, uint32_t scope) const {
    auto entered = llvm::find_if(subject.entered, [&](const auto& one) { return one.first == scope; });
    size_t before = entered != subject.entered.end() ? entered->second : 0, left = subject.compensable.size();
    for (uint32_t index : list) {
      const Action& undo = plan_.undo[index];
      if (!undo.takes_back) continue;
      if (left == before) return false;
      const Action& done = *subject.compensable[--left];
      if (undo.capability != done.capability || undo.name != done.name || undo.args != done.args ||
          undo.target != done.target)
        return false;
    }
    return left == before;
  }

  bool is_told(const Action& action, uint32_t service) {
    const std::vector<plan::Binding>& bound = plan_.services[service].bindings;
    if (action.service != service)
      return wrong(fmt::format("`{}` stands in the way back of another service", action.text));
    bool to_own = llvm::any_of(bound, [&](const plan::Binding& one) {
      return one.target == action.target && one.capability == action.capability;
    });
    if (!to_own && !bound.empty())
      return wrong(fmt::format("`{}` is told to a target that {} is not bound to", action.text,
                               plan::service_text(plan_.services[service])));
    for (const Setting& one : action.sets)
      if (one.value.is(Value::Kind::Percent) && (one.value.number < 0 || one.value.number > eval::percent_all))
        return wrong(fmt::format("`{}` sets a share of {}", action.text, eval::to_text(one.value)));
    return true;
  }

  Cell& cell_of(Subject& subject, uint32_t service, const Setting& setting) {
    for (Cell& cell : subject.cells)
      if (cell.variable == setting.variable && cell.role == setting.role) return cell;
    const Value* first = first_of(service, setting.variable, setting.role);
    subject.cells.push_back({setting.variable, setting.role, first, nullptr});
    for (const auto& [scope, done] : subject.entered) subject.cells.back().entry.emplace_back(scope, nullptr);
    return subject.cells.back();
  }

  /// What was seen when the plan was made. Of what nobody looked at, a canary and its control are at rest.
  const Value* first_of(uint32_t service, Variable variable, Role role) const {
    const plan::Service& of = plan_.services[service];
    auto seen = observed_.find(plan::variable_text(of, variable, role));
    if (seen != observed_.end()) return seen->second;
    bool fresh = of.subject == plan::Subject::Service && (role == Role::Canary || role == Role::Control);
    bool rests = variable == Variable::Instances || variable == Variable::Share;
    bool version = variable == Variable::Version && role == Role::Canary;
    return fresh && (rests || version) ? &nothing : nullptr;
  }

  std::string text_of(const Step& step, const Cell& cell) const {
    return plan::variable_text(plan_.services[step.action.service], cell.variable, cell.role);
  }

  const Plan& plan_;
  std::vector<std::string>& broken_;
  std::vector<uint32_t> scope_of_;  ///< by step, the innermost
  std::vector<Subject> subjects_;
  llvm::StringMap<const Value*> observed_;
};

}  // namespace

void recheck_way_back(const Plan& plan, std::vector<std::string>& broken) { WaysBack(plan, broken).go(); }

}  // namespace rollout::verify
