#include "compiler/verify/totality.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <llvm/ADT/DenseMap.h>

#include "compiler/plan/way_back.h"

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

/// No instances, no share, no version: written as nothing or as a zero.
bool is_rest(const Value& value) {
  bool number = value.is(Value::Kind::Int) || value.is(Value::Kind::Percent);
  return value.is(Value::Kind::None) || (number && value.number == 0) ||
         (value.is(Value::Kind::List) && value.items.empty());
}

bool same(const Value& a, const Value& b) { return a == b || (is_rest(a) && is_rest(b)); }

/// One variable of a service. Few each, so they are looked through.
struct Cell {
  Variable variable;
  Role role;
  Value value;
};
using Cells = std::vector<Cell>;

Cell* find(Cells& cells, Variable variable, Role role) {
  auto found = std::find_if(cells.begin(), cells.end(), [&](const Cell& cell) {
    return cell.variable == variable && cell.role == role;
  });
  return found == cells.end() ? nullptr : &*found;
}

const Value* value_of(Cells& cells, Variable variable, Role role) {
  Cell* cell = find(cells, variable, role);
  return cell ? &cell->value : nullptr;
}

void set(Cells& cells, const Setting& setting) {
  if (Cell* cell = find(cells, setting.variable, setting.role)) cell->value = setting.value;
  else cells.push_back({setting.variable, setting.role, setting.value});
}

/// What was seen of the world when the plan was made; of what nobody looked at, a canary and its control are at rest.
std::vector<Cells> first_values(const Plan& plan) {
  std::map<std::string_view, const Value*> observed;
  for (const plan::Observed& one : plan.observed) observed[one.what] = &one.value;
  std::vector<Cells> all(plan.services.size());
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    const plan::Service& service = plan.services[i];
    auto look = [&](Variable variable, Role role) {
      auto seen = observed.find(plan::variable_text(service, variable, role));
      if (seen != observed.end()) all[i].push_back({variable, role, *seen->second});
    };
    if (std::optional<Variable> variable = plan::state_variable(service.subject)) {
      look(*variable, Role::All);
      continue;
    }
    look(Variable::Version, Role::Stable);
    // A version that runs has all its instances where nobody saw another number.
    bool runs = !all[i].empty() && all[i][0].value.is(Value::Kind::Image);
    look(Variable::Instances, Role::Stable);
    if (runs && all[i].size() == 1 && service.replicas > 0)
      all[i].push_back({Variable::Instances, Role::Stable, Value::of(Value::Kind::Int, service.replicas)});
    for (Variable variable : {Variable::Version, Variable::Instances, Variable::Share})
      all[i].push_back({variable, Role::Canary, {}});
    for (Variable variable : {Variable::Instances, Variable::Share}) all[i].push_back({variable, Role::Control, {}});
  }
  return all;
}

/// Goes the way back of one service from one state, and says what is wrong with it; empty: nothing.
class WayBackCheck {
 public:
  WayBackCheck(const Plan& plan, uint32_t service) : plan_(plan), service_(service) {}

  std::string go(Cells now, Cells& start, const std::vector<uint32_t>& list) const {
    for (uint32_t index : list) {
      const Action& undo = plan_.undo[index];
      if (undo.service != service_) return fmt::format("`{}` acts on another service", undo.text);
      bool takes = std::any_of(undo.sets.begin(), undo.sets.end(), [](const Setting& one) {
        bool runs = one.variable == Variable::Version || one.variable == Variable::Instances;
        return one.role == Role::Canary && runs && is_rest(one.value);
      });
      bool leaves_share = std::none_of(undo.sets.begin(), undo.sets.end(),
                                       [](const Setting& one) { return one.variable == Variable::Share; });
      const Value* share = value_of(now, Variable::Share, Role::Canary);
      if (takes && leaves_share && share && !is_rest(*share))
        return fmt::format("`{}` takes the canary away while it has {} of the traffic", undo.text,
                           eval::to_text(*share));
      for (const Setting& one : undo.sets) set(now, one);
    }
    for (const Cell& cell : now) {
      const Value* first = value_of(start, cell.variable, cell.role);
      if (first ? !same(*first, cell.value) : !is_known(cell, start))
        return fmt::format("it leaves {} at {}",
                           plan::variable_text(plan_.services[service_], cell.variable, cell.role),
                           is_rest(cell.value) ? "nothing" : eval::to_text(cell.value));
    }
    return {};
  }

 private:
  /// Of what nobody looked at, the first way back says what was there.
  static bool is_known(const Cell& cell, Cells& start) {
    start.push_back(cell);
    return true;
  }
  const Plan& plan_;
  uint32_t service_;
};

class Totality {
 public:
  Totality(const Plan& plan, std::vector<Finding>& findings)
      : plan_(plan), findings_(findings), start_(first_values(plan)), now_(start_),
        scope_of_(plan::scopes_of_steps(plan)), entries_(plan.scopes.size()) {}

  void go() {
    for (uint32_t i = 0; i < plan_.steps.size() && findings_.size() < max_findings; ++i) {
      const Step& step = plan_.steps[i];
      switch (step.kind) {
        case StepKind::Act: act(i, step); break;
        case StepKind::Commit: commit(i, step); break;
        case StepKind::Hold:
        case StepKind::Approval:
        case StepKind::Notify:
        case StepKind::Checkpoint:
        case StepKind::Lock:
        case StepKind::Unlock:
        case StepKind::Preflight: break;
      }
    }
  }

 private:
  void wrong(Claim claim, const Step& step, std::string what, std::vector<uint32_t> undone = {}) {
    findings_.push_back({claim, step.place, std::move(what), 0, 0, {{0, step.text}}});
    findings_.back().site.step = uint32_t(&step - plan_.steps.data());
    findings_.back().site.undone = std::move(undone);
  }

  void commit(uint32_t index, const Step& step) {
    if (!plan::is_judged(plan_, from_, index))
      wrong(Claim::Commit, step, "nothing has judged what this commits, and nobody has approved it");
    // A commit is for good only where it stands alone: after all before it.
    if (index > 0 && step.after.empty()) wrong(Claim::Commit, step, "this does not come after what it commits");
    committed_ = true;
    from_ = index + 1;
    start_ = now_;
  }

  void act(uint32_t index, const Step& step) {
    uint32_t service = step.action.service;
    if (!plan_.services[service].unreached.empty()) return;  // nothing is changed there
    Cells before = now_[service];
    for (uint32_t scope = scope_of_[index]; scope != none; scope = plan_.scopes[scope].parent)
      entries_[scope].try_emplace(service, before);
    for (const Setting& one : step.action.sets) set(now_[service], one);
    if (step.action.reversibility == plan::Reversibility::Irreversible) {
      if (!committed_) wrong(Claim::Commit, step, "this cannot be undone, and no `commit` stands before it");
      start_[service] = now_[service];
      return;
    }
    if (!goes_back(step, before, start_[service], step.rollback)) return;
    for (uint32_t scope = scope_of_[index]; scope != none; scope = plan_.scopes[scope].parent)
      if (!goes_back(step, before, entries_[scope].find(service)->second, undo_to(step, scope))) return;
  }

  /// The effect may be there or not: it is only sure that it was set going.
  bool goes_back(const Step& step, const Cells& before, Cells& start, const std::vector<uint32_t>& list) {
    WayBackCheck check(plan_, step.action.service);
    for (const Cells* state : std::initializer_list<const Cells*>{&now_[step.action.service], &before}) {
      std::string what = check.go(*state, start, list);
      if (what.empty()) continue;
      wrong(Claim::WayBack, step, std::move(what), list);
      return false;
    }
    return says_all(step, before, list);
  }

  /// Of what nobody looked at nobody knows what to restore it to: all the same the step's own effect is to be undone.
  bool says_all(const Step& step, const Cells& before, const std::vector<uint32_t>& list) {
    for (const Setting& one : step.action.sets) {
      Cells known = before;
      if (one.variable == Variable::Restarted || find(known, one.variable, one.role)) continue;
      bool undone = std::any_of(list.begin(), list.end(), [&](uint32_t index) {
        const std::vector<Setting>& sets = plan_.undo[index].sets;
        return std::any_of(sets.begin(), sets.end(), [&](const Setting& other) {
          return other.variable == one.variable && other.role == one.role;
        });
      });
      // A version that nobody looked at is taken to have its `replicas`, by the planner as well.
      bool usual = one.variable == Variable::Instances && one.role == Role::Stable &&
                   one.value.number == plan_.services[step.action.service].replicas;
      bool gone = one.variable == Variable::Version && one.role == Role::Stable;  // as by `remove`
      if (undone || usual || (is_rest(one.value) && !gone)) continue;
      wrong(Claim::WayBack, step,
            fmt::format("nothing takes {} back",
                        plan::variable_text(plan_.services[step.action.service], one.variable, one.role)),
            list);
      return false;
    }
    return true;
  }

  const Plan& plan_;
  std::vector<Finding>& findings_;
  std::vector<Cells> start_, now_;  ///< by service: what the way back leads to, and what the steps have set
  std::vector<uint32_t> scope_of_;
  std::vector<llvm::DenseMap<uint32_t, Cells>> entries_;  ///< by scope and service: at the entry of the scope
  uint32_t from_ = 0;  ///< the first step behind the last commit
  bool committed_ = false;
};

}  // namespace

void prove_totality(const Plan& plan, std::vector<Finding>& findings) { Totality(plan, findings).go(); }

}  // namespace rollout::verify
