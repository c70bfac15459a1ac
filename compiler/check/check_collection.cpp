// Lists, sets and maps. A list literal is a set where a set is expected; keys and members of sets are plain values.
#include "compiler/check/values.h"

namespace rollout::check {

namespace {

bool is_plain(const Type* type) {
  return (type->kind >= TypeKind::Bool && type->kind <= TypeKind::Path) || type->is(TypeKind::Enum) ||
         type->is(TypeKind::Error);
}

bool is_late(const Type* type) {
  return type->is(TypeKind::Live) || type->is(TypeKind::Quantiled) || type->is(TypeKind::Role) ||
         type->is(TypeKind::Past);
}

}  // namespace

/// `Set<T>` and `Map<K, V>` as they are written in a type.
const Type* ValueChecker::collection_of(const ast::Type* written, TypeKind kind, std::vector<const Type*> arguments) {
  if (kind != TypeKind::List && !is_plain(arguments[0])) {
    diagnostics_
        .report(written->arguments[0]->span, diag::WrongType, fmt::format("`{}`", written->name.text),
                "plain values to tell apart", text(arguments[0]))
        .advise("numbers, quantities, texts and enums can be told apart");
    return simple(TypeKind::Error);
  }
  return program_.types.of(kind, std::move(arguments));
}

const Type* ValueChecker::check_list(const ast::ListExpr* list, const Type* wanted) {
  bool known = wanted && (wanted->is(TypeKind::List) || wanted->is(TypeKind::Set));
  const Type* element = known ? wanted->arguments[0] : nullptr;
  for (const ast::Expr* item : list->items) {
    const Type* type = check_expr(item, element);
    if (!element) element = type;
    else if (!wanted && ir::is_subject(element->kind) && type->is(element->kind))
      element = common_service(element, type);
    else expect_found(item, type, element, "this list");
    if (!is_late(type)) continue;
    report_live(item, "a list", "a value");
    return simple(TypeKind::Error);
  }
  if (known) return wanted;
  return program_.types.list_of(element ? element : simple(TypeKind::Error));
}

const Type* ValueChecker::check_map(const ast::MapExpr* map, const Type* wanted) {
  bool known = wanted && wanted->is(TypeKind::Map);
  const Type* parts[] = {known ? wanted->arguments[0] : nullptr, known ? wanted->arguments[1] : nullptr};
  for (size_t i = 0; i < map->items.size(); ++i) {
    const ast::Expr* item = map->items[i];
    if (!item) {
      diagnostics_.report(map->items[i + 1]->span, diag::MixedEntries)
          .advise("a list is `[1, 2]`, a map is `[\"eu\": 1, \"us\": 2]`");
      return simple(TypeKind::Error);
    }
    const Type*& part = parts[i % 2];
    if (!part) part = check_expr(item);
    else expect(item, part, "this map");
    if (is_late(info(item).type)) {
      report_live(item, "a map", "a value");
      return simple(TypeKind::Error);
    }
    if (i % 2 == 0 && !is_plain(part)) {
      diagnostics_.report(item->span, diag::WrongType, "a key", "a plain value", text(part));
      return simple(TypeKind::Error);
    }
  }
  if (known) return wanted;
  for (const Type*& part : parts)
    if (!part) part = simple(TypeKind::Error);
  return program_.types.of(TypeKind::Map, {parts[0], parts[1]});
}

/// `steps[0]` is an item; `replicas["eu"]` may be absent.
const Type* ValueChecker::check_index(const ast::IndexExpr* index) {
  if (std::optional<ir::Symbol> symbol = placed(index->object)) return at_place(index, *symbol);
  const Type* object = check_expr(index->object);
  if (object->is(TypeKind::Map)) {
    expect(index->index, object->arguments[0], "a key");
    const Type* value = object->arguments[1];
    return value->is(TypeKind::Optional) ? value : program_.types.of(TypeKind::Optional, {value});
  }
  if (object->is(TypeKind::Error)) {  // it may be a Map, or a service at places
    check_expr(index->index);
    return object;
  }
  expect(index->index, simple(TypeKind::Int), "an index");
  if (object->is(TypeKind::List)) return object->arguments[0];
  if (object->is(TypeKind::Live)) {
    report_live(index->object, "`[…]`", "a List or a Map");
    return simple(TypeKind::Error);
  }
  diagnostics_.report(index->object->span, diag::WrongType, "`[…]`", "a List or a Map", text(object))
      .advise("only these have something at an index: leave the brackets out");
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
