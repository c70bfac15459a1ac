// Private to compiler/check: where a check stands: the names that are visible, and what it keeps for later.
#pragma once

#include <vector>

#include "compiler/ir/program.h"

namespace rollout::check {

using ir::Type;
using ir::TypeKind;

/// Whether it binds a target that was wrong: reported there, so nothing is said of what the service cannot do.
bool lacks_binding(const ir::Service& service);

struct Local {
  std::string_view name;
  const Type* type;
  uint32_t slot;
  Span span;
  ir::Time time;
};
/// Where the checker stands, while it looks at another declaration.
struct Place {
  std::vector<Local> locals;
  ir::ModuleId module;
  bool in_test;
  const std::vector<std::string_view>* given;
  bool planned;
  ir::Time time;
};
/// A `where` and, unless null, a constant that must fit it.
struct Bound {
  ir::Parameter parameter;
  ir::ModuleId module;
  const ast::Expr* given;
};

}  // namespace rollout::check
