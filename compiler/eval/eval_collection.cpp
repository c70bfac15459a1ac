// Lists, sets and maps. Every value of a set and every key of a map stands in it once.
#include <algorithm>

#include "compiler/eval/evaluator.h"

namespace rollout::eval {

using Kind = Value::Kind;

Value Evaluator::eval_list(ir::ModuleId module, const ast::ListExpr* list, const Frame& frame) {
  bool set = program_.info(module, list).type->is(ir::TypeKind::Set);
  std::vector<Value> items;
  for (const ast::Expr* item : list->items) {
    Value value = eval(module, item, frame);
    if (set && std::find(items.begin(), items.end(), value) != items.end())
      return fail(item->span, fmt::format("{} is in this set already", to_text(value)));
    items.push_back(std::move(value));
  }
  Value value = Value::list(std::move(items));
  if (set) value.kind = Kind::Set;
  return bounded(std::move(value), list->span);
}

Value Evaluator::eval_map(ir::ModuleId module, const ast::MapExpr* map, const Frame& frame) {
  Value value;
  value.kind = Kind::Map;
  for (size_t i = 0; i + 1 < map->items.size(); i += 2) {
    Value key = eval(module, map->items[i], frame);
    for (size_t k = 0; k < value.items.size(); k += 2)
      if (value.items[k] == key)
        return fail(map->items[i]->span, fmt::format("{} is a key of this map already", to_text(key)));
    value.items.push_back(std::move(key));
    value.items.push_back(eval(module, map->items[i + 1], frame));
  }
  return bounded(std::move(value), map->span);
}

/// A list has each index that is asked for, or it is an error; a map may lack a key: then there is no value.
Value Evaluator::eval_index(ir::ModuleId module, const ast::IndexExpr* index, const Frame& frame) {
  const ir::ExprInfo& info = program_.info(module, index);
  if (info.ref == ir::Ref::Service || info.ref == ir::Ref::Target) return eval_at_place(module, index, frame);
  Value object = eval(module, index->object, frame), at = eval(module, index->index, frame);
  if (object.is(Kind::Map)) {
    for (size_t i = 0; i + 1 < object.items.size(); i += 2)
      if (object.items[i] == at) return object.items[i + 1];
    return {};
  }
  if (at.number < 0 || size_t(at.number) >= object.items.size())
    return fail(index->index->span,
                fmt::format("the list has {} items; {} is no index of it", object.items.size(), at.number));
  return object.items[size_t(at.number)];
}

}  // namespace rollout::eval
