// The closed set of model variables that actions set: of which subject each is, and what a value of it is. A table,
// read by the checker and by the planner.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ir/type.h"
#include "compiler/syntax/ast.h"

namespace rollout::ir {

/// `share(s, canary)` of a Service, `flag(f)` of a Flag, `schema(d)` of a Database.
struct VariableRow {
  std::string_view name;
  TypeKind subject;
  TypeKind value;        ///< List: of String
  bool by_role;           ///< a service has one of each version
  std::string_view form;  ///< how an effect on it is written
};

/// By the numbers of plan::Variable.
const std::vector<VariableRow>& variable_rows();
/// Its number; nothing where there is none of that name.
std::optional<size_t> variable_named(std::string_view name);

/// Whether an action of it sets the variable.
bool sets(const ast::CapabilityDecl& capability, std::string_view variable);
/// Whether it is bound as `setting` of such a subject: `router = edge { … }` in a service.
bool binds(const ast::CapabilityDecl& capability, TypeKind subject, std::string_view setting);

/// What actions act on: a service, a flag or a database.
bool is_subject(TypeKind kind);
TypeKind subject_kind(ast::SubjectWord word);
/// `service`, `flag`, `database`: as declarations and messages say it.
std::string_view subject_text(TypeKind kind);

}  // namespace rollout::ir
