// Services and targets, of which there may be one at each of several places: `checkout["eu-1"]`, `checkout[regions]`.
#include "compiler/eval/evaluator.h"

namespace rollout::eval {

using Kind = Value::Kind;

const std::string& place_name(const ir::Places& places, const Value& place) {
  return place.is(Kind::Record) ? place.items[places.name_field].text : place.text;
}

const std::vector<Value>& Evaluator::places(const ir::Places& places) {
  auto [known, fresh] = places_.try_emplace(places.decl);
  if (fresh) known->second = eval(places.module, places.decl->range, {}).items;
  return known->second;
}

/// `place` null: there is only one.
Value Evaluator::eval_entity(const ir::ExprInfo& info, const Value* place) {
  bool service = info.ref == ir::Ref::Service;
  uint32_t which = meant(info.ref, info.index);
  std::string_view name = service ? program_.services[which].decl->name.text : program_.targets[which].decl->name.text;
  Value value = Value::of(Kind::Entity, std::string(name));
  value.number = which;
  if (!place) return value;
  const ir::Places& places = service ? program_.services[which].places : program_.targets[which].places;
  value.text += fmt::format("[{}]", place_name(places, *place));
  value.items = {*place};
  return value;
}

/// Places are named by themselves or by their names: one gives the service there, a list the services of all of them.
Value Evaluator::eval_at_place(ir::ModuleId module, const ast::IndexExpr* index, const Frame& frame) {
  const ir::ExprInfo& info = program_.info(module, index);
  bool service = info.ref == ir::Ref::Service;
  uint32_t which = meant(info.ref, info.index);
  const ir::Places& places = service ? program_.services[which].places : program_.targets[which].places;
  std::string whose = service ? fmt::format("service `{}`", program_.services[which].decl->name.text)
                              : fmt::format("target `{}`", program_.targets[which].decl->name.text);
  Value at = eval(module, index->index, frame);
  if (at.is(Kind::None)) return {};
  if (!at.is(Kind::List)) {
    const Value* place = find_place(places, at, whose, index->index->span);
    return place ? eval_entity(info, place) : Value{};
  }
  std::vector<Value> all;
  for (const Value& one : at.items) {
    const Value* place = find_place(places, one, whose, index->index->span);
    if (!place) return {};
    all.push_back(eval_entity(info, place));
  }
  return bounded(Value::list(std::move(all)), index->span);
}

/// The place as it was declared: a record that only has the name of one is not it.
const Value* Evaluator::find_place(const ir::Places& places, const Value& wanted, std::string_view whose, Span span) {
  const std::string& name = place_name(places, wanted);
  std::vector<std::string_view> known;
  for (const Value& place : this->places(places)) {
    known.push_back(place_name(places, place));
    if (known.back() == name) return &place;
  }
  Diagnostic& diagnostic =
      diagnostics_.report(span, diag::UnknownMember, std::string(whose), "place", name);
  if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
  std::string_view near = nearest(name, known);
  if (near.empty()) return nullptr;
  diagnostic.advise(fmt::format("did you mean `{}`?", near));
  if (wanted.is(Kind::String)) diagnostic.fix(span, fmt::format("\"{}\"", near));
  return nullptr;
}

}  // namespace rollout::eval
