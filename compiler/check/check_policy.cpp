// Policies: what they ask of the rollouts that they hold for, and of what these consist of.
#include <algorithm>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

std::string owner_text(ir::Owner owner) {
  std::string_view word = ir::owner_word(owner);
  return fmt::format("{} {}", owner == ir::Owner::Action || owner == ir::Owner::Approval ? "an" : "a", word);
}

}  // namespace

/// `r.first_phase.share`, `p.share`: the whole path names one property of what the variable stands for.
const Type* ValueChecker::check_property(const ast::MemberExpr* member) {
  std::string path(member->member.text);
  const ast::MemberExpr* first = member;
  while (first->object->kind == ast::ExprKind::Member) {
    first = static_cast<const ast::MemberExpr*>(first->object);
    path = fmt::format("{}.{}", first->member.text, path);
  }
  if (first->object->kind != ast::ExprKind::Name) return nullptr;
  const Local* local = find_local(static_cast<const ast::NameExpr*>(first->object)->name);
  bool element = local && local->type->is(TypeKind::Element);
  if (!element && (!local || !local->type->is(TypeKind::Rollout))) return nullptr;
  ir::Owner owner = element ? ir::Owner(local->type->index) : ir::Owner::Rollout;
  info(first->object) = {local->type, ir::Ref::Local, local->slot, 0};
  time_ = ir::Time::Plan;
  if (std::optional<ir::PropertyRow> row = ir::property_named(owner, path)) {
    info(member).ref = ir::Ref::Property;
    info(member).index = uint32_t(row->property);
    check_decided(member, *row);
    return simple(row->type);
  }
  report_unknown(join(first->member.span, member->member.span), path,
                 fmt::format("property of {}", owner_text(owner)), ir::property_paths(owner));
  return simple(TypeKind::Error);
}

/// What only the world knows is asked when a run begins, as a rule of its own.
void ValueChecker::check_decided(const ast::MemberExpr* member, const ir::PropertyRow& row) {
  if (row.decided || quantifiers_.empty()) return;
  diagnostics_.report(member->span, diag::PolicyPlace, fmt::format("`{}`", row.path), "inside another quantifier")
      .note("it is known when a run begins, and asked of the rollout as a whole")
      .advise("write it directly in `for every rollout`");
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
  for (const ast::PolicyItem& item : items) check_policy_item(policy, item);
}

void Checker::check_policy_item(const ir::Policy& policy, const ast::PolicyItem& item) {
  switch (item.kind) {
    case ast::PolicyItemKind::Every: return check_every(policy, item);
    case ast::PolicyItemKind::Require: return check_require(item);
    case ast::PolicyItemKind::Forbid:
      if (!stands_outside(item, "`forbid`")) return;
      if (item.words[0].text != "start")
        diagnostics_.report(item.words[0].span, diag::ExpectedFound, "`start`", std::string(item.words[0].text))
            .fix(item.words[0].span, "start");
      return expect(item.subject, simple(TypeKind::Calendar), "`forbid start during`");
    case ast::PolicyItemKind::Call: return check_policy_call(item);
    case ast::PolicyItemKind::Except: return check_exception(item);
  }
}

void Checker::check_require(const ast::PolicyItem& item) {
  if (!item.words[0].text.empty()) return check_order_rule(item);
  if (!item.within) return expect(item.subject, simple(TypeKind::Bool), "`require`");
  if (!stands_outside(item, "`require … within`")) return;
  expect(item.subject, simple(TypeKind::Instant), "`require … within`");
  expect(item.within, simple(TypeKind::Duration), "`within`");
}

/// `four_eyes(r)`: what another policy asks, here too.
void Checker::check_policy_call(const ast::PolicyItem& item) {
  auto* call = static_cast<const ast::CallExpr*>(item.subject);
  auto* name = static_cast<const ast::NameExpr*>(call->callee);
  std::optional<ir::Symbol> symbol = expect_symbol({name->name, name->span}, ir::Ref::Policy, "policy");
  if (!symbol || !stands_outside(item, fmt::format("`{}`", name->name))) return;
  const ir::Policy& callee = program_.policies[symbol->index];
  info(name) = {simple(TypeKind::None), ir::Ref::Policy, symbol->index, 0};
  policy_calls_.push_back({policy_, symbol->index, name->span});
  for (const ast::PolicyItem& inner : callee.decl->items)
    if (inner.kind == ast::PolicyItemKind::Every && inner.every.element.text == "rollout") {
      diagnostics_.report(name->span, diag::PolicyWhole, std::string(name->name), "it is not called")
          .at(inner.span, "here");
      return;
    }
  check_arguments(call, callee.parameters, 0, fmt::format("`{}`", name->name), true);
}

}  // namespace rollout::check
