// Values that may be absent: `T?`, `none`, and `x or y`, which gives y where x is absent.
#include "compiler/check/values.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

bool may_be_absent(const Type* type) { return type->is(TypeKind::Optional) || type->is(TypeKind::None); }

}  // namespace

/// The type with `?`; of what is always there it is an error.
const Type* ValueChecker::optional_of(const ast::Type* written, const Type* type) {
  bool always = ir::is_subject(type->kind) || type->is(TypeKind::Gate) || type->is(TypeKind::Secret) ||
                type->is(TypeKind::Probe) || type->is(TypeKind::Live);
  if (!always || type->is(TypeKind::Error)) return program_.types.of(TypeKind::Optional, {type});
  diagnostics_.report(written->span, diag::NoOptional, text(type))
      .advise("leave out the `?`")
      .fix({written->span.source, written->span.end - 1, written->span.end}, "");
  return simple(TypeKind::Error);
}

/// `x or y` of an optional x; nothing where x is none: then `or` joins conditions.
const Type* ValueChecker::check_fallback(const ast::BinaryExpr* binary, const Type* left) {
  if (binary->op != ast::Operator::Or || !left->is(TypeKind::Optional)) return nullptr;
  const Type* value = left->arguments[0];
  const Type* right = check_expr(binary->right, value);
  if (right == left || right->is(TypeKind::Error)) return right;
  if (right->is(TypeKind::None)) return left;
  expect_found(binary->right, right, value, "`or`");
  return value;
}

/// `x == none`; null where neither side may be absent.
const Type* ValueChecker::check_presence(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  if (!may_be_absent(left) && !may_be_absent(right)) return nullptr;
  bool equality = binary->op == ast::Operator::Equal || binary->op == ast::Operator::NotEqual;
  bool with_none = left->is(TypeKind::None) || right->is(TypeKind::None);
  bool fits = may_be_absent(left) && may_be_absent(right);
  if (equality && with_none && fits) return simple(TypeKind::Bool);
  Diagnostic& diagnostic = diagnostics_.report(binary->op_span, diag::UnitMismatch,
                                               std::string(ir::symbol_of(binary->op)), text(left), text(right));
  diagnostic.at(binary->left->span, text(left)).at(binary->right->span, text(right));
  if (!with_none) diagnostic.advise("say what holds where the value is absent: `(x or VALUE)`");
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
