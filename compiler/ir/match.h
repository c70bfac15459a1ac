// Which argument of a call belongs to which parameter: positional ones first, then by label.
#pragma once

#include <vector>

#include "compiler/ir/program.h"

namespace rollout::ir {

struct Match {
  /// One for each parameter; null where the call gives none.
  std::vector<const ast::Expr*> values;
  enum class Problem { None, TooMany, UnknownLabel, Twice, PositionalAfterLabel } problem = Problem::None;
  const ast::Argument* culprit = nullptr;  ///< of the problem
};

/// `first` parameters are not given by the call: the service in `checkout.shift(5%)`.
Match match_arguments(const std::vector<Parameter>& parameters, llvm::ArrayRef<ast::Argument> arguments,
                      size_t first = 0);

/// What the function `weekly` takes; the types are those given, and its arguments stand in the order of these.
std::vector<Parameter> weekly_parameters(const Type* zone, const Type* days, const Type* time);

}  // namespace rollout::ir
