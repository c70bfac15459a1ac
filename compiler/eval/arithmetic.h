// Arithmetic and comparison of Values; which units fit was checked before (ir/operators.h). Integers are computed
// exactly and rounded once, half away from zero; only a count that a rate gives is rounded down, because what has
// not happened does not count. The error says why there is no result: too large, division by zero, two currencies.
#pragma once

#include "compiler/base/result.h"
#include "compiler/eval/value.h"
#include "compiler/syntax/ast.h"

namespace rollout::eval {

Result<Value> compute(ast::Operator op, const Value& left, const Value& right, Value::Kind result);
/// Less than, equal or greater than zero, as `left` is to `right`.
Result<int> compare(const Value& left, const Value& right);

}  // namespace rollout::eval
