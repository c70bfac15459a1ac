// Which operators fit which units.
#include "compiler/check/context.h"

namespace rollout::check {

namespace {

using ast::Operator;

std::string_view symbol_of(Operator op) {
  switch (op) {
    case Operator::Negate: return "-";
    case Operator::Not: return "not";
    case Operator::Multiply: return "*";
    case Operator::Divide: return "/";
    case Operator::Add: return "+";
    case Operator::Subtract: return "-";
    case Operator::Less: return "<";
    case Operator::LessEqual: return "<=";
    case Operator::Greater: return ">";
    case Operator::GreaterEqual: return ">=";
    case Operator::Equal: return "==";
    case Operator::NotEqual: return "!=";
    case Operator::And: return "and";
    case Operator::Or: return "or";
  }
  return "?";
}

bool is_number(TypeKind kind) { return kind == TypeKind::Int || kind == TypeKind::Float; }
bool is_quantity(TypeKind kind) {
  return kind == TypeKind::Percent || kind == TypeKind::Points || kind == TypeKind::Duration ||
         kind == TypeKind::Rate || kind == TypeKind::Bytes;
}
bool is_share(TypeKind kind) { return kind == TypeKind::Percent || kind == TypeKind::Points; }

TypeKind sum(Operator op, TypeKind left, TypeKind right) {
  if (is_number(left) && is_number(right))
    return left == TypeKind::Int && right == TypeKind::Int ? TypeKind::Int : TypeKind::Float;
  if (left == TypeKind::String && right == TypeKind::String && op == Operator::Add) return TypeKind::String;
  if (left == TypeKind::Percent && right == TypeKind::Percent)
    return op == Operator::Add ? TypeKind::Percent : TypeKind::Points;
  if (is_share(left) && is_share(right))
    return left == TypeKind::Points && right == TypeKind::Points ? TypeKind::Points : TypeKind::Percent;
  return left == right && is_quantity(left) ? left : TypeKind::Error;
}

TypeKind product(Operator op, TypeKind left, TypeKind right) {
  if (is_number(left) && is_number(right))
    return left == TypeKind::Int && right == TypeKind::Int && op == Operator::Multiply ? TypeKind::Int
                                                                                       : TypeKind::Float;
  if (is_quantity(left) && is_number(right)) return left;
  if (op == Operator::Divide) return left == right && is_quantity(left) ? TypeKind::Float : TypeKind::Error;
  if (is_number(left) && is_quantity(right)) return right;
  if (left == TypeKind::Percent && is_quantity(right)) return right;
  if (right == TypeKind::Percent && is_quantity(left)) return left;
  if ((left == TypeKind::Rate && right == TypeKind::Duration) ||
      (left == TypeKind::Duration && right == TypeKind::Rate))
    return TypeKind::Float;
  return TypeKind::Error;
}

}  // namespace

const Type* Checker::check_unary(const ast::UnaryExpr* unary) {
  if (unary->op == Operator::Not) {
    expect(unary->operand, simple(TypeKind::Bool), "`not`");
    return simple(TypeKind::Bool);
  }
  const Type* type = check_expr(unary->operand);
  if (type->is(TypeKind::Error) || is_number(type->kind) || is_quantity(type->kind)) return type;
  diagnostics_.report(unary->span, diag::WrongType, "`-`", "a number", text(type));
  return simple(TypeKind::Error);
}

const Type* Checker::check_binary(const ast::BinaryExpr* binary) {
  if (binary->op == Operator::And || binary->op == Operator::Or) {
    std::string whose = fmt::format("`{}`", symbol_of(binary->op));
    if (check_expr(binary->left)->is(TypeKind::Live) || check_expr(binary->right)->is(TypeKind::Live)) {
      report_live(binary, whose, "a Bool");
      return simple(TypeKind::Error);
    }
    expect(binary->left, simple(TypeKind::Bool), whose);
    expect(binary->right, simple(TypeKind::Bool), whose);
    return simple(TypeKind::Bool);
  }
  const Type* left = check_expr(binary->left);
  const Type* right = check_expr(binary->right);
  if (left->is(TypeKind::Error) || right->is(TypeKind::Error)) return simple(TypeKind::Error);
  for (auto [side, type] : {std::pair(binary->left, left), std::pair(binary->right, right)})
    if (type->is(TypeKind::Quantiled)) {
      diagnostics_.report(side->span, diag::QuantileMissing)
          .advise("name the quantile: `latency(99%)`")
          .fix(after(side->span), "(99%)");
      return simple(TypeKind::Error);
    }
  bool compares = binary->op >= Operator::Less && binary->op <= Operator::NotEqual;
  return compares ? comparison(binary, left, right) : arithmetic(binary, left, right);
}

const Type* Checker::arithmetic(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  bool live = left->is(TypeKind::Live) || right->is(TypeKind::Live);
  TypeKind a = left->is(TypeKind::Live) ? left->arguments[0]->kind : left->kind;
  TypeKind b = right->is(TypeKind::Live) ? right->arguments[0]->kind : right->kind;
  bool adds = binary->op == Operator::Add || binary->op == Operator::Subtract;
  TypeKind result = adds ? sum(binary->op, a, b) : product(binary->op, a, b);
  if (result == TypeKind::Error) {
    diagnostics_
        .report(binary->op_span, diag::UnitMismatch, std::string(symbol_of(binary->op)), text(left),
                text(right))
        .at(binary->left->span, text(left))
        .at(binary->right->span, text(right));
    return simple(TypeKind::Error);
  }
  return live ? program_.types.live(simple(result)) : simple(result);
}

const Type* Checker::comparison(const ast::BinaryExpr* binary, const Type* left, const Type* right) {
  bool live = left->is(TypeKind::Live) || right->is(TypeKind::Live);
  TypeKind a = left->is(TypeKind::Live) ? left->arguments[0]->kind : left->kind;
  TypeKind b = right->is(TypeKind::Live) ? right->arguments[0]->kind : right->kind;
  bool equality = binary->op == Operator::Equal || binary->op == Operator::NotEqual;
  bool ordered = is_number(a) || is_quantity(a) || a == TypeKind::Time || a == TypeKind::Date || a == TypeKind::Version;
  bool same = a == b || (is_number(a) && is_number(b)) || (is_share(a) && is_share(b));
  bool plain = a >= TypeKind::Bool && a <= TypeKind::Path && !(live && a == TypeKind::Bool);
  if (!same || !plain || (!ordered && !equality)) {
    Diagnostic& diagnostic = diagnostics_.report(binary->op_span, diag::UnitMismatch,
                                                 std::string(symbol_of(binary->op)), text(left), text(right));
    diagnostic.at(binary->left->span, text(left)).at(binary->right->span, text(right));
    if (is_number(b) && is_share(a)) diagnostic.advise("write a share such as `5%`");
    if (is_number(b) && is_share(a) && binary->right->kind == ast::ExprKind::Literal)
      diagnostic.fix(after(binary->right->span), "%");
    if (is_number(b) && a == TypeKind::Duration) diagnostic.advise("write a unit, such as `500ms`");
    if (a == TypeKind::Role) diagnostic.advise("compare one of its signals, such as `s.canary.error_rate`");
    return simple(TypeKind::Error);
  }
  return live ? program_.types.live(simple(TypeKind::Bool)) : simple(TypeKind::Bool);
}

}  // namespace rollout::check
