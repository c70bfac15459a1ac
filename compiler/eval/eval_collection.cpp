// Lists, sets and maps. Every value of a set and every key of a map stands in it once.
#include <functional>
#include <unordered_map>

#include "compiler/eval/standing.h"

namespace rollout::eval {

using Kind = Value::Kind;

namespace {

/// Equal values have equal numbers.
size_t hash_of(const Value& value) {
  constexpr size_t spread = 0x9E3779B97F4A7C15;
  size_t hash = size_t(value.kind) * spread + size_t(value.number);
  hash = hash * spread + std::hash<double>()(value.real);
  hash = hash * spread + std::hash<std::string>()(value.text);
  for (const Value& item : value.items) hash = hash * spread + hash_of(item);
  return hash;
}

/// The places of values in a list, by what they are.
class Places {
 public:
  explicit Places(const std::vector<Value>& items) : items_(items) {}
  /// Whether `value` stands there; otherwise it will, at `at`.
  bool stands_there(const Value& value, size_t at) {
    size_t hash = hash_of(value);
    auto [first, last] = places_.equal_range(hash);
    for (; first != last; ++first)
      if (items_[first->second] == value) return true;
    places_.emplace(hash, at);
    return false;
  }

 private:
  const std::vector<Value>& items_;
  std::unordered_multimap<size_t, size_t> places_;
};

}  // namespace

Value Evaluator::eval_list(ir::ModuleId module, const ast::ListExpr* list, const Frame& frame) {
  bool set = program_.info(module, list).type->is(ir::TypeKind::Set);
  std::vector<Value> items;
  Places places(items);
  size_t held = 0;  // what is too large is not made to its end
  for (const ast::Expr* item : list->items) {
    Value value = eval(module, item, frame);
    if (set && places.stands_there(value, items.size()))
      return fail(item->span, fmt::format("{} is in this set already", to_text(value)));
    held += 1 + items_of(value);
    items.push_back(std::move(value));
    if (held > max_items) break;
  }
  Value value = Value::list(std::move(items));
  if (set) value.kind = Kind::Set;
  return bounded(std::move(value), list->span);
}

Value Evaluator::eval_map(ir::ModuleId module, const ast::MapExpr* map, const Frame& frame) {
  Value value;
  value.kind = Kind::Map;
  Places places(value.items);
  size_t held = 0;
  for (size_t i = 0; i + 1 < map->items.size(); i += 2) {
    Value key = eval(module, map->items[i], frame);
    if (places.stands_there(key, value.items.size()))
      return fail(map->items[i]->span, fmt::format("{} is a key of this map already", to_text(key)));
    value.items.push_back(std::move(key));
    value.items.push_back(eval(module, map->items[i + 1], frame));
    held += 2 + items_of(value.items[i]) + items_of(value.items[i + 1]);
    if (held > max_items) break;
  }
  return bounded(std::move(value), map->span);
}

/// A list has each index that is asked for, or it is an error; a map may lack a key: then there is no value.
Value Evaluator::eval_index(ir::ModuleId module, const ast::IndexExpr* index, const Frame& frame) {
  const ir::ExprInfo& info = program_.info(module, index);
  if (info.ref == ir::Ref::Service || info.ref == ir::Ref::Target) return eval_at_place(module, index, frame);
  const Value* known = standing(program_, module, index->object, lets_, frame);
  const Value computed = known ? Value{} : eval(module, index->object, frame);
  const Value &object = known ? *known : computed, at = eval(module, index->index, frame);
  if (object.is(Kind::Map)) {
    if (calls_ > max_calls) return {};  // reported already
    size_t i = 0;
    while (i < object.items.size() && !(object.items[i] == at)) i += 2;
    if (looked_too_long(calls_, i)) return fail(index->span, "it looks through too many items of maps");
    return i < object.items.size() ? object.items[i + 1] : Value{};
  }
  if (at.number < 0 || size_t(at.number) >= object.items.size())
    return fail(index->index->span,
                fmt::format("the list has {} items; {} is no index of it", object.items.size(), at.number));
  return object.items[size_t(at.number)];
}

}  // namespace rollout::eval
