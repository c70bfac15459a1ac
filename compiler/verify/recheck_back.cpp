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
};

struct Subject {
  llvm::SmallVector<Cell, 8> cells;
  const std::vector<uint32_t>* list = nullptr;  ///< the way back that `Cell::end` is of
  std::vector<const Action*> compensable;       ///< since the last commit, each of which is taken back by itself
};

class WaysBack {
 public:
  WaysBack(const Plan& plan, std::vector<std::string>& broken)
      : plan_(plan), broken_(broken), subjects_(plan.services.size()) {
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
    for (Cell& cell : subject.cells)
      if (cell.now != nullptr) cell.first = cell.now;
    subject.compensable.clear();
  }

  bool act(const Step& step) {
    Subject& subject = subjects_[step.action.service];
    for (const Setting& one : step.action.sets) cell_of(subject, step.action.service, one).now = &one.value;
    if (step.action.reversibility == plan::Reversibility::Irreversible) {
      take_as_first(subject);
      return true;
    }
    bool compensable = step.action.reversibility == plan::Reversibility::Compensable;
    if (compensable) subject.compensable.push_back(&step.action);
    if (!go_back(subject, step)) return false;
    if (compensable && !takes_back(subject, step))
      return wrong(fmt::format("the way back from `{}` does not take back what stays", step.text));
    for (Cell& cell : subject.cells) {
      const Value* end = cell.end != nullptr ? cell.end : cell.now;
      if (end == nullptr || end == cell.first) continue;
      if (cell.first != nullptr && !alike(*end, *cell.first))
        return wrong(fmt::format("the way back from `{}` leaves {} at {}", step.text, text_of(step, cell),
                                 is_nothing(*end) ? "nothing" : eval::to_text(*end)));
      if (cell.first == nullptr) cell.first = end;
    }
    return true;
  }

  /// Many steps after each other have the same way back, which is read once.
  bool go_back(Subject& subject, const Step& step) {
    if (subject.list != nullptr && *subject.list == step.rollback) return true;
    subject.list = &step.rollback;
    for (Cell& cell : subject.cells) cell.end = nullptr;
    for (uint32_t index : step.rollback) {
      const Action& undo = plan_.undo[index];
      if (!is_told(undo, step.action.service)) return false;
      for (const Setting& one : undo.sets) cell_of(subject, step.action.service, one).end = &one.value;
    }
    return true;
  }

  /// What only its own undo takes back, the last first.
  bool takes_back(const Subject& subject, const Step& step) const {
    auto next = subject.compensable.rbegin();
    for (uint32_t index : step.rollback) {
      const Action& undo = plan_.undo[index];
      if (!undo.takes_back) continue;
      bool alike = next != subject.compensable.rend() && undo.capability == (*next)->capability &&
                   undo.name == (*next)->name && undo.args == (*next)->args && undo.target == (*next)->target;
      if (!alike) return false;
      ++next;
    }
    return next == subject.compensable.rend();
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
  std::vector<Subject> subjects_;
  llvm::StringMap<const Value*> observed_;
};

}  // namespace

void recheck_way_back(const Plan& plan, std::vector<std::string>& broken) { WaysBack(plan, broken).go(); }

}  // namespace rollout::verify
