// The operators of the language: which types they take and what they give. One table, read by the checker, by the
// evaluator and by the manual's page, which a test keeps in step with it. What is not in the table is an error.
#pragma once

#include <optional>
#include <string_view>

#include <llvm/ADT/ArrayRef.h>

#include "compiler/ir/type.h"
#include "compiler/syntax/ast.h"

namespace rollout::ir {

struct OperatorRow {
  TypeKind left;
  ast::Operator op;
  TypeKind right;
  TypeKind result;
};

/// All arithmetic. `T * Int` stands for `Int * T` too where both have the same result: both are in the table.
llvm::ArrayRef<OperatorRow> operator_rows();

/// What `left op right` gives; nothing where it has no meaning.
std::optional<TypeKind> result_of(TypeKind left, ast::Operator op, TypeKind right);

/// Plain numbers: they scale quantities and have no unit.
bool is_number(TypeKind kind);
/// A reference of a secret, or what is made of some.
bool holds_secret(const Type* type);
/// Has a unit, adds up and is scaled by numbers.
bool is_quantity(TypeKind kind);
/// `<` and its like know which of two values comes first.
bool is_ordered(TypeKind kind);
/// Of one dimension: their values may be compared with each other.
bool same_dimension(TypeKind left, TypeKind right);

/// `*`, `<=`, `and`: as it is written.
std::string_view symbol_of(ast::Operator op);

}  // namespace rollout::ir
