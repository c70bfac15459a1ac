#include "compiler/ir/variables.h"

#include <algorithm>

namespace rollout::ir {

const std::vector<VariableRow>& variable_rows() {
  static const std::vector<VariableRow> rows = {
      {"version", TypeKind::Service, TypeKind::Image, true, "version(s, canary) = image"},
      {"instances", TypeKind::Service, TypeKind::Int, true, "instances(s, canary) = s.replicas"},
      {"share", TypeKind::Service, TypeKind::Percent, true, "share(s, canary) = share"},
      {"flag", TypeKind::Flag, TypeKind::Percent, false, "flag(f) = share"},
      {"schema", TypeKind::Database, TypeKind::String, false, "schema(d) = migration"},
      {"killed", TypeKind::Service, TypeKind::Int, true, "killed(s, canary) = count"},
      {"delay", TypeKind::Service, TypeKind::Duration, true, "delay(s, canary) = latency"},
      {"drained", TypeKind::Service, TypeKind::Bool, false, "drained(s) = true"},
      {"restarted", TypeKind::Service, TypeKind::Bool, true, "restarted(s, stable) = true"},
      {"mirrored", TypeKind::Service, TypeKind::Percent, true, "mirrored(s, canary) = share"},
      {"cohorts", TypeKind::Service, TypeKind::List, true, "cohorts(s, canary) = cohorts"},
      {"routed", TypeKind::Service, TypeKind::Percent, true, "routed(s, canary) = at_most"},
  };
  return rows;
}

std::optional<size_t> variable_named(std::string_view name) {
  const std::vector<VariableRow>& rows = variable_rows();
  auto row = std::find_if(rows.begin(), rows.end(), [&](const VariableRow& one) { return one.name == name; });
  return row == rows.end() ? std::nullopt : std::optional(size_t(row - rows.begin()));
}

bool sets(const ast::CapabilityDecl& capability, std::string_view variable) {
  return std::any_of(capability.actions.begin(), capability.actions.end(), [&](const ast::ActionItem& action) {
    return std::any_of(action.effects.begin(), action.effects.end(),
                       [&](const ast::Effect& effect) { return effect.variable.text == variable; });
  });
}

bool binds(const ast::CapabilityDecl& capability, TypeKind subject, std::string_view setting) {
  return !setting.empty() && capability.setting.text == setting && subject_kind(capability.subject) == subject;
}

bool is_subject(TypeKind kind) {
  return kind == TypeKind::Service || kind == TypeKind::Flag || kind == TypeKind::Database;
}

TypeKind subject_kind(ast::SubjectWord word) {
  switch (word) {
    case ast::SubjectWord::Service: return TypeKind::Service;
    case ast::SubjectWord::Flag: return TypeKind::Flag;
    case ast::SubjectWord::Database: return TypeKind::Database;
  }
  return TypeKind::Service;
}

std::string_view subject_text(TypeKind kind) {
  return kind == TypeKind::Flag ? "flag" : kind == TypeKind::Database ? "database" : "service";
}

}  // namespace rollout::ir
