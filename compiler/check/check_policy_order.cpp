// `approval(by: not r.author) before promote on every path`: what a policy asks of the order of steps.
#include <algorithm>

#include "compiler/check/context.h"
#include "compiler/check/lacking.h"

namespace rollout::check {

namespace {

bool is_mark(std::string_view word) {
  return word == "gate" || word == "commit" || word == "checkpoint" || word == "preflight";
}

}  // namespace

/// `r.author`, where `r` is a rollout.
bool Checker::is_author(const ast::Expr* expr) {
  if (expr->kind != ast::ExprKind::Member) return false;
  auto* member = static_cast<const ast::MemberExpr*>(expr);
  if (member->member.text != "author" || member->object->kind != ast::ExprKind::Name) return false;
  const Local* local = find_local(static_cast<const ast::NameExpr*>(member->object)->name);
  return local && local->type->is(TypeKind::Rollout);
}

/// A step, or steps: those that a variable stands for, all of an action, all approvals, or a word of the language.
void Checker::check_event(const ast::Name& event) {
  if (is_mark(event.text) || event.text == "approval") return;
  if (const Local* local = find_local(event.text)) {
    if (local->type->is(TypeKind::Element)) return;
    diagnostics_.report(event.span, diag::ExpectedFound, "a step", std::string(event.text))
        .advise("name an action, or the variable of `for every action a`");
    return;
  }
  std::vector<std::string_view> actions;
  for (const ir::Capability& capability : program_.capabilities)
    for (const ir::Action& action : capability.actions) actions.push_back(action.name.text);
  if (std::find(actions.begin(), actions.end(), event.text) != actions.end()) return;
  if (!actions.empty()) return report_unknown(event.span, event.text, "action", actions);
  // Nothing that this file imports has actions: those of the library are what may be meant.
  Diagnostic* unknown = report_unknown_once(event.span, event.text, "action");
  if (!unknown || !suggests()) return;
  std::vector<LibraryAction> all = actions_of(library_);
  for (const LibraryAction& one : all) actions.push_back(one.name);
  std::string_view near = nearest(event.text, actions);
  for (const LibraryAction& one : all)
    if (one.name == event.text)
      unknown->advise(fmt::format("import what has it: a service, or `import {}.{{{}}}`", one.path, one.capability));
  if (unknown->help.empty() && !near.empty())
    unknown->advise(fmt::format("did you mean `{}`?", near)).fix(event.span, std::string(near));
  unknown->note(fmt::format("no action is known here; the library has {}", list_of(actions)));
}

/// `approval(by: sre)`, `approval(by: not r.author)`
void Checker::check_approval(const ast::CallExpr* call) {
  size_t given = call->arguments.size();
  bool named = call->callee->kind == ast::ExprKind::Name;
  std::string_view found = named ? static_cast<const ast::NameExpr*>(call->callee)->name : "this";
  bool by = given == 0 || (given == 1 && call->arguments[0].label.text == "by");
  if (found != "approval" || !by) {
    diagnostics_.report(call->span, diag::ExpectedFound, "`approval`", std::string(found))
        .advise("write `approval`, `approval(by: TEAM)` or `approval(by: not r.author)`");
    return;
  }
  if (given == 0) return;
  const ast::Expr* who = call->arguments[0].value;
  auto* unary = who->kind == ast::ExprKind::Unary ? static_cast<const ast::UnaryExpr*>(who) : nullptr;
  bool other = unary && unary->op == ast::Operator::Not && is_author(unary->operand);
  if (!other) expect(who, simple(TypeKind::Team), "`by`");
}

void Checker::check_order_rule(const ast::PolicyItem& item) {
  const ast::Expr* subject = item.subject;
  if (subject && subject->kind == ast::ExprKind::Call) {
    check_approval(static_cast<const ast::CallExpr*>(subject));
  } else if (subject && subject->kind == ast::ExprKind::Name) {
    check_event({static_cast<const ast::NameExpr*>(subject)->name, subject->span});
  } else if (subject) {
    diagnostics_.report(subject->span, diag::ExpectedFound, "`approval`", "this")
        .advise("write `approval`, an action such as `deploy`, `gate`, or the variable of a quantifier");
  }
  check_event(item.words[0]);
  const ast::Name &how = item.words[1], &path = item.words[2];
  if (how.text != "every" && how.text != "some")
    diagnostics_.report(how.span, diag::ExpectedFound, "`every` or `some`", std::string(how.text));
  if (path.text != "path")
    diagnostics_.report(path.span, diag::ExpectedFound, "`path`", std::string(path.text)).fix(path.span, "path");
}

}  // namespace rollout::check
