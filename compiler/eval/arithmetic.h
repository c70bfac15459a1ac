// Arithmetic and comparison of Values; units were checked before. Nothing where the result does not fit 64 bits or a
// division is by zero.
#pragma once

#include <optional>

#include "compiler/eval/value.h"
#include "compiler/syntax/ast.h"

namespace rollout::eval {

std::optional<Value> compute(ast::Operator op, const Value& left, const Value& right, Value::Kind result);
/// Less than, equal or greater than zero, as `left` is to `right`.
int compare(const Value& left, const Value& right);

}  // namespace rollout::eval
