#include "compiler/plan/policy_start.h"

#include <algorithm>

#include "compiler/ir/property.h"

namespace rollout::plan {

namespace {

bool reads(const ir::Program& program, ir::ModuleId module, const ast::Expr* expr, ir::Property property) {
  const ir::ExprInfo& known = program.info(module, expr);
  return known.ref == ir::Ref::Property && known.index == uint32_t(property);
}

bool has_start_rule(const ir::Program& program, ir::ModuleId module, const ast::PolicyItem& item) {
  if (start_rule(program, module, item)) return true;
  return std::any_of(item.items.begin(), item.items.end(),
                     [&](const ast::PolicyItem& inner) { return has_start_rule(program, module, inner); });
}

}  // namespace

std::optional<StartRule> start_rule(const ir::Program& program, ir::ModuleId module, const ast::PolicyItem& item) {
  using ast::Operator;
  if (item.kind != ast::PolicyItemKind::Require || !item.words[0].text.empty()) return std::nullopt;
  if (item.within) {
    if (!reads(program, module, item.subject, ir::Property::RollbackRehearsed)) return std::nullopt;
    return StartRule{StartProperty::Rehearsed, Comparison::LessEqual, item.within};
  }
  if (item.subject->kind != ast::ExprKind::Binary) return std::nullopt;
  auto* binary = static_cast<const ast::BinaryExpr*>(item.subject);
  bool left = reads(program, module, binary->left, ir::Property::CapacityMargin);
  bool right = reads(program, module, binary->right, ir::Property::CapacityMargin);
  if (left == right) return std::nullopt;
  bool at_least = binary->op == (left ? Operator::GreaterEqual : Operator::LessEqual);
  bool more = binary->op == (left ? Operator::Greater : Operator::Less);
  if (!at_least && !more) return std::nullopt;
  return StartRule{StartProperty::Capacity, at_least ? Comparison::GreaterEqual : Comparison::Greater,
                   left ? binary->right : binary->left};
}

bool has_start_rules(const ir::Program& program) {
  return std::any_of(program.policies.begin(), program.policies.end(), [&](const ir::Policy& policy) {
    return std::any_of(policy.decl->items.begin(), policy.decl->items.end(), [&](const ast::PolicyItem& item) {
      return has_start_rule(program, policy.module, item);
    });
  });
}

}  // namespace rollout::plan
