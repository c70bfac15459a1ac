// Which argument of a call belongs to which parameter: positional ones first, then by label. A match costs what the
// call writes, not what the declaration has.
#pragma once

#include <vector>

#include <llvm/ADT/StringMap.h>

#include "compiler/ir/program.h"

namespace rollout::ir {

struct Match {
  struct Given { size_t parameter; const ast::Argument* argument; };
  /// In the order of the parameters.
  std::vector<Given> given;
  enum class Problem { None, TooMany, UnknownLabel, Twice, PositionalAfterLabel } problem = Problem::None;
  const ast::Argument* culprit = nullptr;  ///< of the problem

  /// Null where the call gives none.
  const ast::Expr* value(size_t parameter) const;
};

/// Of a declaration with many parameters, made once for all of its calls.
struct ParameterTable {
  explicit ParameterTable(const std::vector<Parameter>& parameters);

  llvm::StringMap<size_t> places;  ///< by name
  std::vector<size_t> required;    ///< those without a default, in their order
};

/// Of a gate or a strategy: each use of one costs all of its parameters.
inline constexpr size_t max_parameters = 200;

/// From so many parameters on a table pays.
inline constexpr size_t many_parameters = 16;

/// `first` parameters are not given by the call: the service in `checkout.shift(5%)`. `table`, if any, is that of the
/// parameters.
Match match_arguments(const std::vector<Parameter>& parameters, llvm::ArrayRef<ast::Argument> arguments,
                      size_t first = 0, const ParameterTable* table = nullptr);

/// What the function `weekly` takes; the types are those given, and its arguments stand in the order of these.
std::vector<Parameter> weekly_parameters(const Type* zone, const Type* days, const Type* time);

}  // namespace rollout::ir
