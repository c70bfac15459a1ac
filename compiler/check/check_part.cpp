// Parts of plain values: `image.tag`, `steps.length`, `regions.contains(r)`; and texts that take a form:
// `Version("1.4.2")`.
#include "compiler/check/values.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

/// The type of a part that is no call; nothing where the value has no parts at all.
const Type* ValueChecker::check_part(const ast::MemberExpr* member, const Type* object) {
  std::vector<std::string_view> known = ir::parts_of(object->kind);
  if (known.empty()) return nullptr;
  std::optional<ir::Part> part = ir::part_named(object->kind, member->member.text);
  if (!part) {
    report_unknown(member->member.span, member->member.text, fmt::format("part of {}", with_article(object)), known);
    return simple(TypeKind::Error);
  }
  info(member).ref = ir::Ref::Part;
  info(member).index = uint32_t(*part);
  switch (*part) {
    case ir::Part::Name: case ir::Part::Tag: return simple(TypeKind::String);
    case ir::Part::Digest: return program_.types.of(TypeKind::Optional, {simple(TypeKind::String)});
    case ir::Part::VersionOfTag: return simple(TypeKind::Version);
    case ir::Part::Length: return simple(TypeKind::Int);
    case ir::Part::IsName: return simple(TypeKind::Bool);
    case ir::Part::First: case ir::Part::Last: return object->arguments[0];
    case ir::Part::Keys: return program_.types.list_of(object->arguments[0]);
    case ir::Part::Values: return program_.types.list_of(object->arguments[1]);
    case ir::Part::Contains: break;
  }
  diagnostics_.report(member->span, diag::WrongKind, "contains", "a question", "a value")
      .advise("ask it: `.contains(…)`");
  return simple(TypeKind::Error);
}

/// `regions.contains(r)`; of a map, whether it has the key.
const Type* ValueChecker::check_contains(const ast::CallExpr* call, const ast::MemberExpr* member, const Type* object) {
  info(member) = {simple(TypeKind::Bool), ir::Ref::Part, uint32_t(ir::Part::Contains), 0};
  ir::Parameter item{{"item", member->member.span}, object->arguments[0], nullptr, nullptr, {}};
  check_arguments(call, {item}, 0, "`contains`", true);
  if (ir::holds_secret(object->arguments[0])) report_secret(member->object, "`contains`");
  return simple(TypeKind::Bool);
}

/// `Version("1.4.2")`: a literal is checked here, another text when its value is known.
const Type* ValueChecker::check_conversion(const ast::CallExpr* call, ir::Builtin builtin) {
  const Type* type = simple(ir::converted_to(builtin));
  info(call->callee) = {type, ir::Ref::Builtin, uint32_t(builtin), 0};
  std::string whose = fmt::format("`{}`", text(type));
  bool one = call->arguments.size() == 1 && call->arguments[0].label.text.empty();
  const ast::Expr* given = one ? call->arguments[0].value : nullptr;
  if (!given) {
    diagnostics_.report(call->span, diag::TooManyArguments, whose, "one text");
    return simple(TypeKind::Error);
  }
  const Type* found = check_expr(given, type);
  if (found != type && !found->is(TypeKind::Error)) expect_found(given, found, simple(TypeKind::String), whose);
  return type;
}

}  // namespace rollout::check
