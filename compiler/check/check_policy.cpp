// Policies: what they ask of the rollouts that they hold for.
#include <algorithm>

#include "compiler/check/context.h"
#include "compiler/ir/property.h"

namespace rollout::check {

/// `r.first_phase.share`: the whole path names one property of the rollout.
const Type* ValueChecker::check_property(const ast::MemberExpr* member) {
  std::string path(member->member.text);
  const ast::MemberExpr* first = member;
  while (first->object->kind == ast::ExprKind::Member) {
    first = static_cast<const ast::MemberExpr*>(first->object);
    path = fmt::format("{}.{}", first->member.text, path);
  }
  if (first->object->kind != ast::ExprKind::Name) return nullptr;
  const Local* local = find_local(static_cast<const ast::NameExpr*>(first->object)->name);
  if (!local || !local->type->is(TypeKind::Rollout)) return nullptr;
  info(first->object) = {local->type, ir::Ref::Local, local->slot, 0};
  time_ = ir::Time::Plan;
  if (std::optional<ir::PropertyRow> row = ir::property_named(path)) {
    info(member).ref = ir::Ref::Property;
    info(member).index = uint32_t(row->property);
    return simple(row->type);
  }
  report_unknown(join(first->member.span, member->member.span), path, "property of a rollout", ir::property_paths());
  return simple(TypeKind::Error);
}

void Checker::check_policy(uint32_t index) {
  ir::Policy& policy = program_.policies[index];
  check_defaults(policy.parameters);
  policy_ = index;
  for (const ir::Parameter& parameter : policy.parameters) add_local(parameter.name, parameter.type);
  std::string name(policy.decl->name.text);
  if (policy.decl->items.empty())
    diagnostics_.report(policy.decl->name.span, diag::PolicyEmpty, name)
        .advise("write, for example, `for every rollout r { require r.rollback.total }`");
  check_policy_items(policy, policy.decl->items);
  policy.slots = slots_;
  policy_ = UINT32_MAX;
}

void Checker::check_policy_items(const ir::Policy& policy, llvm::ArrayRef<ast::PolicyItem> items) {
  for (const ast::PolicyItem& item : items) {
    switch (item.kind) {
      case ast::PolicyItemKind::Every: {
        std::string name(policy.decl->name.text);
        if (!policy.parameters.empty())
          diagnostics_.report(item.span, diag::PolicyWhole, name, "it has no parameters")
              .at(policy.parameters[0].name.span, "nothing gives it this")
              .advise("leave `for every` out, and call it from a policy that has one");
        if (item.items.empty()) diagnostics_.report(item.span, diag::PolicyEmpty, name);
        for (const ast::Name& environment : item.environments)
          expect_symbol(environment, ir::Ref::Environment, "environment");
        size_t outer = locals_.size();
        add_local(item.variable, simple(TypeKind::Rollout), ir::Time::Plan);
        check_policy_items(policy, item.items);
        locals_.resize(outer);
        break;
      }
      case ast::PolicyItemKind::Require: check_require(item); break;
      case ast::PolicyItemKind::Forbid:
        if (item.words[0].text != "start")
          diagnostics_.report(item.words[0].span, diag::ExpectedFound, "`start`", std::string(item.words[0].text))
              .fix(item.words[0].span, "start");
        expect(item.subject, simple(TypeKind::Calendar), "`forbid start during`");
        break;
      case ast::PolicyItemKind::Call: check_policy_call(static_cast<const ast::CallExpr*>(item.subject)); break;
    }
  }
}

void Checker::check_require(const ast::PolicyItem& item) {
  if (!item.words[0].text.empty()) return check_approval_rule(item);
  if (!item.within) return expect(item.subject, simple(TypeKind::Bool), "`require`");
  expect(item.subject, simple(TypeKind::Instant), "`require … within`");
  expect(item.within, simple(TypeKind::Duration), "`within`");
}

/// `r.author`, where `r` is a rollout.
bool Checker::is_author(const ast::Expr* expr) {
  if (expr->kind != ast::ExprKind::Member) return false;
  auto* member = static_cast<const ast::MemberExpr*>(expr);
  if (member->member.text != "author" || member->object->kind != ast::ExprKind::Name) return false;
  const Local* local = find_local(static_cast<const ast::NameExpr*>(member->object)->name);
  return local && local->type->is(TypeKind::Rollout);
}

/// `approval(by: not r.author) before promote on every path`
void Checker::check_approval_rule(const ast::PolicyItem& item) {
  auto* call = item.subject->kind == ast::ExprKind::Call ? static_cast<const ast::CallExpr*>(item.subject) : nullptr;
  const ast::Expr* name = call ? call->callee : item.subject;
  bool named = name->kind == ast::ExprKind::Name;
  std::string_view found = named ? static_cast<const ast::NameExpr*>(name)->name : "this";
  bool approval = found == "approval";
  size_t given = call ? call->arguments.size() : 0;
  bool by = given == 0 || (given == 1 && call->arguments[0].label.text == "by");
  if (!approval || !by)
    diagnostics_.report(item.subject->span, diag::ExpectedFound, "`approval`", std::string(found))
        .advise("write `approval`, `approval(by: TEAM)` or `approval(by: not r.author)`");
  if (approval && by && given == 1) {
    const ast::Expr* who = call->arguments[0].value;
    auto* unary = who->kind == ast::ExprKind::Unary ? static_cast<const ast::UnaryExpr*>(who) : nullptr;
    bool other = unary && unary->op == ast::Operator::Not && is_author(unary->operand);
    if (!other) expect(who, simple(TypeKind::Team), "`by`");
  }
  std::vector<std::string_view> actions;
  for (const ir::Capability& capability : program_.capabilities)
    for (const ir::Action& action : capability.actions) actions.push_back(action.name.text);
  const ast::Name &action = item.words[0], &path = item.words[1];
  if (std::find(actions.begin(), actions.end(), action.text) == actions.end())
    report_unknown(action.span, action.text, "action", actions);
  if (path.text != "path")
    diagnostics_.report(path.span, diag::ExpectedFound, "`path`", std::string(path.text)).fix(path.span, "path");
}

/// `four_eyes(r)`: what another policy asks, here too.
void Checker::check_policy_call(const ast::CallExpr* call) {
  auto* name = static_cast<const ast::NameExpr*>(call->callee);
  std::optional<ir::Symbol> symbol = expect_symbol({name->name, name->span}, ir::Ref::Policy, "policy");
  if (!symbol) return;
  const ir::Policy& callee = program_.policies[symbol->index];
  info(name) = {simple(TypeKind::None), ir::Ref::Policy, symbol->index, 0};
  policy_calls_.push_back({policy_, symbol->index, name->span});
  for (const ast::PolicyItem& item : callee.decl->items)
    if (item.kind == ast::PolicyItemKind::Every) {
      diagnostics_.report(name->span, diag::PolicyWhole, std::string(name->name), "it is not called")
          .at(item.span, "here");
      return;
    }
  check_arguments(call, callee.parameters, 0, fmt::format("`{}`", name->name), true);
}

}  // namespace rollout::check
