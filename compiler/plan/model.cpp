#include "compiler/plan/model.h"

#include <algorithm>
#include <utility>

namespace rollout::plan {

eval::Value resting_value(Variable variable) {
  switch (variable) {
    case Variable::Version: return {};
    case Variable::Instances: return eval::Value::of(eval::Value::Kind::Int, int64_t{0});
    case Variable::Share:
    case Variable::Flag: return eval::Value::of(eval::Value::Kind::Percent, int64_t{0});
    case Variable::Schema:
    case Variable::Killed:
    case Variable::Delay: return {};
    case Variable::Drained: return eval::Value::boolean(false);
    case Variable::Restarted: return {};
    case Variable::Mirrored:
    case Variable::Routed: return eval::Value::of(eval::Value::Kind::Percent, int64_t{0});
    case Variable::Cohorts: return eval::Value::list({});
  }
  return {};
}

bool is_at_rest(const eval::Value& value) {
  bool number = value.is(eval::Value::Kind::Int) || value.is(eval::Value::Kind::Percent);
  bool no = (number || value.is(eval::Value::Kind::Bool)) && value.number == 0;
  return value.is(eval::Value::Kind::None) || no || (value.is(eval::Value::Kind::List) && value.items.empty());
}

int64_t control_share_ppb(int64_t canary_ppb, int64_t instances, int64_t replicas) {
  int64_t share = std::min(canary_ppb, (eval::percent_all - canary_ppb) / 2);
  // Rounded down: it gets nothing that its instances cannot serve.
  if (replicas > 0) share = std::min(share, instances * (eval::percent_all / replicas));
  return share;
}

Model::Service& Model::service(uint32_t index) {
  if (services_.size() <= index) services_.resize(index + 1);
  return services_[index];
}

const Model::Cell* Model::find(Place place) const {
  if (place.service >= services_.size()) return nullptr;
  for (const Cell& known : services_[place.service].cells)
    if (known.place == place) return &known;
  return nullptr;
}

Model::Cell& Model::cell(Place place) {
  std::vector<Cell>& cells = service(place.service).cells;
  for (Cell& known : cells)
    if (known.place == place) return known;
  eval::Value rest = resting_value(place.variable);
  cells.push_back({place, rest, rest, rest, 0, false, rest});
  return cells.back();
}

eval::Value Model::now(Place place) const {
  const Cell* known = find(place);
  return known ? known->current : resting_value(place.variable);
}

eval::Value Model::at_start(Place place) const {
  const Cell* known = find(place);
  return known ? known->start : resting_value(place.variable);
}

eval::Value Model::at_origin(Place place) const {
  const Cell* known = find(place);
  return known ? known->origin : resting_value(place.variable);
}

void Model::commit(uint32_t index) {
  service(index).taken_back_by.clear();
  for (Cell& known : service(index).cells) {
    known.start = known.before = known.current;
    known.touched = 0;
    known.moved = false;
  }
  ++service(index).changes;
}

void Model::commit() {
  for (uint32_t i = 0; i < services_.size(); ++i) commit(i);
}

void Model::start_with(Place place, eval::Value value) {
  Cell& known = cell(place);
  known.origin = known.start = known.before = known.current = std::move(value);
  ++service(place.service).changes;
}

bool Model::enter(const Model& other, uint32_t index) {
  if (index >= other.services_.size()) return false;
  const std::vector<Cell>& cells = other.services_[index].cells;
  bool moved = !other.services_[index].taken_back_by.empty() ||
               std::any_of(cells.begin(), cells.end(), [](const Cell& c) { return !(c.current == c.start); });
  if (!moved) return false;
  service(index).cells = cells;
  commit(index);
  return true;
}

void Model::set(Place place, eval::Value value) {
  Cell& known = cell(place);
  // Setting what is so already is no change: it must not decide the order of the way back.
  if (known.touched == 0 && !(value == known.start)) known.touched = step_;
  bool by_phase = place.variable == Variable::Share || place.variable == Variable::Flag;
  service(place.service).changes += !by_phase && !(known.current == value);
  known.moved = true;
  known.current = std::move(value);
}

void Model::next_step(uint32_t index) {
  ++step_;
  for (Cell& known : service(index).cells)
    if (std::exchange(known.moved, false)) {
      known.before = known.current;
      if (known.current == known.start) known.touched = 0;
    }
}

void Model::compensate(uint32_t index, uint32_t undo) {
  service(index).taken_back_by.push_back({undo, step_});
  ++service(index).changes;
}

std::vector<Compensation> Model::compensations(uint32_t index) const {
  if (index >= services_.size()) return {};
  const std::vector<Compensation>& all = services_[index].taken_back_by;
  return {all.rbegin(), all.rend()};
}

std::vector<const Model::Cell*> Model::to_undo(uint32_t index) const {
  std::vector<const Cell*> cells;
  for (const Cell& known : services_[index].cells)
    if (known.touched > 0 && (!(known.before == known.start) || !(known.current == known.start)))
      cells.push_back(&known);
  std::stable_sort(cells.begin(), cells.end(), [](const Cell* a, const Cell* b) { return a->touched > b->touched; });
  return cells;
}

}  // namespace rollout::plan
