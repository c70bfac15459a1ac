#include "compiler/eval/input_value.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/visible.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/literal.h"

namespace rollout::eval {

namespace {

using ir::TypeKind;

Result<Value> read_case(const ir::Enum& declared, std::string_view text) {
  std::vector<std::string_view> known;
  for (const ast::Name& name : declared.decl->cases) {
    known.push_back(name.text);
    if (name.text == text) return Value::of(Value::Kind::Enum, fmt::format("{}.{}", declared.decl->name.text, text));
  }
  return OpError{fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known))};
}

/// Items with commas between them; nothing at all is the empty list.
Result<Value> read_items(const ir::Program& program, const ir::Type* type, std::string_view text) {
  Value value;
  value.kind = type->is(TypeKind::Set) ? Value::Kind::Set : Value::Kind::List;
  for (bool more = !text.empty(); more;) {
    size_t comma = text.find(',');
    Result<Value> item = read_input(program, type->arguments[0], text.substr(0, comma));
    if (!item) return item;
    bool twice = std::find(value.items.begin(), value.items.end(), *item) != value.items.end();
    if (twice && type->is(TypeKind::Set)) return OpError{fmt::format("{} stands in it twice", to_text(*item))};
    value.items.push_back(std::move(*item));
    if (value.items.size() > max_items) return OpError{fmt::format("it has more than {} items", max_items)};
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return value;
}

}  // namespace

Result<Value> read_input(const ir::Program& program, const ir::Type* type, std::string_view text) {
  if (type->is(TypeKind::Optional))
    return text == "none" ? Result<Value>(Value{}) : read_input(program, type->arguments[0], text);
  if (type->is(TypeKind::Enum)) return read_case(program.enums[type->index], text);
  if (type->is(TypeKind::List) || type->is(TypeKind::Set)) return read_items(program, type, text);
  // Nor could it stand in a file.
  if (auto hidden = find_hidden(text))
    return OpError{fmt::format("{} may not stand in it", code_point_text(hidden->code))};
  return parse_value(value_kind(type), text);
}

}  // namespace rollout::eval
