// The rollback of a step is derived, never written: from what the steps so far have set of its service, back to the
// values at the start, last touched first, each variable once (75% → 0% is one action, not five). The order between
// services is in way_back.h.
#include <fmt/format.h>

#include <llvm/ADT/STLExtras.h>

#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/effect_words.h"

namespace rollout::plan {

using eval::Value;

namespace {

/// One thing to take back, and the step from which on it differs: a variable, or what a compensable step did.
struct Change {
  const Model::Cell* cell = nullptr;
  uint32_t undo = none;
  size_t step = 0;
};

bool is_of(const Change& change, Variable variable) { return change.cell && change.cell->place.variable == variable; }

/// A fault is lifted once the traffic has left: a system that cannot lift it keeps no user on it.
void lift_behind_traffic(std::vector<Change>& changes) {
  auto share = std::find_if(changes.begin(), changes.end(), [](const Change& c) { return is_of(c, Variable::Share); });
  if (share == changes.end()) return;
  std::stable_partition(changes.begin(), share + 1, [](const Change& c) {
    return !is_of(c, Variable::Killed) && !is_of(c, Variable::Delay);
  });
}

/// Last touched first.
std::vector<Change> changes_of(const std::vector<const Model::Cell*>& cells, const std::vector<Compensation>& taken) {
  std::vector<Change> changes;
  for (const Compensation& one : taken) changes.push_back({nullptr, one.undo, one.step});
  for (const Model::Cell* cell : cells) changes.push_back({cell, none, cell->touched});
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.step > b.step; });
  lift_behind_traffic(changes);
  return changes;
}

/// What the undo actions of compensable steps bring back to the start themselves.
std::vector<Place> restored_by(const std::vector<Compensation>& taken, const Plan& plan, const Model& model) {
  std::vector<Place> restored;
  for (const Compensation& one : taken) {
    const Action& undo = plan.undo[one.undo];
    for (const Setting& setting : undo.sets) {
      Place place{undo.service, setting.variable, setting.role};
      if (setting.value == model.at_start(place)) restored.push_back(place);
    }
  }
  return restored;
}

}  // namespace

std::vector<uint32_t> Planner::derive_rollback(const Model& model, Derived& derived, uint32_t service, Span span) {
  std::vector<const Model::Cell*> cells = model.to_undo(service);
  std::vector<Compensation> taken = model.compensations(service);
  std::vector<Place> places;
  for (const Model::Cell* cell : cells) places.push_back(cell->place);
  if (places == derived.places && model.changes(service) == derived.changes) return derived.order;
  std::vector<uint32_t> order;
  std::vector<Place> covered = restored_by(taken, plan_, model);
  auto is_covered = [&](Place place) { return std::find(covered.begin(), covered.end(), place) != covered.end(); };
  for (const Change& change : changes_of(cells, taken)) {
    const Model::Cell* cell = change.cell;
    if (!cell) order.push_back(change.undo);
    if (!cell || is_covered(cell->place)) continue;
    std::optional<Action> undo = inverse(model, *cell);
    if (!undo) {
      std::string what =
          variable_text(plan_.services[cell->place.service], cell->place.variable, cell->place.role);
      diagnostics_.report(span, diag::NoRollback, what, eval::to_text(cell->start))
          .advise("the capability needs an action that sets it");
      return order;
    }
    for (const Setting& setting : undo->sets) covered.push_back({undo->service, setting.variable, setting.role});
    order.push_back(add_undo(std::move(*undo)));
  }
  derived = {std::move(places), model.changes(service), order};
  return order;
}

/// An action of any capability of the service whose effects are all values of the start, one of them that of `cell`.
std::optional<Action> Planner::inverse(const Model& model, const Model::Cell& cell) {
  for (const ir::Binding& binding : program_.services[size_t(entities_[cell.place.service].number)].bindings)
    if (std::optional<Action> action = inverse_in(model, binding, cell)) return action;
  return std::nullopt;
}

std::optional<Action> Planner::inverse_in(const Model& model, const ir::Binding& binding, const Model::Cell& cell) {
  uint32_t capability_index = binding.capability;
  const ir::Capability& capability = program_.capabilities[capability_index];
  const ir::Backend& backend = backend_of(binding, cell.place.service);
  for (uint32_t i = 0; i < capability.actions.size(); ++i) {
    const ir::Action& candidate = capability.actions[i];
    // What an action sets from the model's present state is no way back to the start.
    auto reads_model = [](const ast::Effect& effect) { return effect.value->kind == ast::ExprKind::Call; };
    bool undoes = candidate.reversibility == ast::ReversibilityWord::Reversible;
    bool of_this = ir::subject_kind(program_.services[size_t(entities_[cell.place.service].number)].decl->subject) ==
                   candidate.parameters[0].type->kind;
    if (!undoes || !of_this || llvm::any_of(candidate.item->effects, reads_model)) continue;
    if (lacks(capability, candidate, backend)) continue;
    std::vector<Value> arguments(candidate.parameters.size());
    arguments[0] = entities_[cell.place.service];
    // An argument takes the value at the start of the variable that it sets, of several the first.
    for (const ast::Effect& effect : candidate.item->effects) {
      if (effect.value->kind != ast::ExprKind::Name) continue;
      const ir::ExprInfo& source = program_.info(capability.module, effect.value);
      if (source.ref == ir::Ref::Local && arguments[source.index].is(Value::Kind::None))
        arguments[source.index] =
            model.at_start({cell.place.service, variable_of(effect), role_of(effect.role.text)});
    }
    bool bound = std::none_of(arguments.begin() + 1, arguments.end(),
                              [](const Value& value) { return value.is(Value::Kind::None); });
    if (!bound) continue;
    std::optional<Action> action = make_action(capability_index, i, cell.place.service, std::move(arguments));
    if (!action) continue;
    bring_back_instances(model, *action);
    bring_back_control(model, *action);
    bool sets_cell = false, restores = true;
    for (const Setting& setting : action->sets) {
      Place place{cell.place.service, setting.variable, setting.role};
      sets_cell |= place == cell.place;
      restores &= setting.value == model.at_start(place);
    }
    if (sets_cell && restores) return action;
  }
  return std::nullopt;
}

uint32_t Planner::add_undo(Action action) {
  auto of_control = [](const Setting& setting) { return setting.role == Role::Control; };
  std::string_view control = llvm::any_of(action.sets, of_control) ? " with the control" : "";
  std::string key = fmt::format("{}.{}{}", action.capability, action.text, control);
  for (const Setting& setting : action.sets)
    if (setting.variable == Variable::Instances) key += fmt::format(" {}", setting.value.number);
  auto [known, fresh] = undo_.try_emplace(key, uint32_t(plan_.undo.size()));
  if (fresh) plan_.undo.push_back(std::move(action));
  return known->second;
}

}  // namespace rollout::plan
