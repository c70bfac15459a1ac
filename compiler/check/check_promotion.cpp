// Promotions: a rollout through environments, one after the other.
#include <fmt/format.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringSet.h>

#include "compiler/check/context.h"

namespace rollout::check {

/// `promotion ship = release { dev then staging soak 1h then production }`
void Checker::check_promotion(ir::Promotion& promotion) {
  if (std::optional<ir::Symbol> rollout = expect_symbol(promotion.decl->rollout, ir::Ref::Rollout, "rollout"))
    promotion.rollout = rollout->index;
  llvm::DenseSet<uint32_t> known;
  for (const ast::PromotionStage& stage : promotion.decl->stages) {
    if (stage.soak) expect(stage.soak, simple(TypeKind::Duration), "`soak`");
    std::optional<ir::Symbol> environment = expect_symbol(stage.environment, ir::Ref::Environment, "environment");
    if (!environment) continue;
    if (!known.insert(environment->index).second)
      diagnostics_.report(stage.environment.span, diag::StageTwice, std::string(stage.environment.text));
    promotion.environments.push_back(environment->index);
  }
  const ast::PromotionStage& last = promotion.decl->stages.back();
  if (last.soak)
    diagnostics_.report(last.soak->span, diag::SoakLast, std::string(last.environment.text))
        .advise("leave it out, or name what comes next: `then production`");
}

/// What is given and expected `in staging` is so in an environment that the test enters.
void Checker::check_stages(const ir::Test& test) {
  std::vector<std::string_view> entered;
  bool unknown = false;  // what it runs, or a stage of it: reported there, and it may be what is meant
  for (const ast::TestItem& item : test.decl->items) {
    if (item.kind != ast::TestItemKind::Run) continue;
    std::optional<ir::Symbol> run = find(item.run.text);
    bool promotion = run && run->kind == ir::Ref::Promotion;
    unknown |= !run;
    if (!promotion && !item.environment.text.empty()) entered.push_back(item.environment.text);
    if (!promotion) continue;
    for (const ast::PromotionStage& stage : program_.promotions[run->index].decl->stages) {
      entered.push_back(stage.environment.text);
      std::optional<ir::Symbol> environment = find(stage.environment.text);
      unknown |= !environment || environment->kind != ir::Ref::Environment;
    }
  }
  llvm::StringSet<> known;
  for (std::string_view environment : entered) known.insert(environment);
  for (const ast::TestItem& item : test.decl->items) {
    if (item.kind == ast::TestItemKind::Run || item.environment.text.empty()) continue;
    if (names_of(ir::Ref::Environment).empty() && !find(item.environment.text)) {
      diagnostics_.report(item.environment.span, diag::UnknownName, "environment", std::string(item.environment.text))
          .advise(fmt::format("a phase is named by `in phase {}`", item.environment.text));
      continue;
    }
    if (!expect_symbol(item.environment, ir::Ref::Environment, "environment")) continue;
    if (unknown || known.contains(item.environment.text)) continue;
    Diagnostic& diagnostic =
        diagnostics_.report(item.environment.span, diag::NoStage, std::string(item.environment.text));
    if (!entered.empty()) diagnostic.note(fmt::format("it enters {}", list_of(entered)));
  }
}

/// `reached(production)`, `not reached(production)`
bool Checker::check_reached(const ast::Expr* subject) {
  if (subject->kind == ast::ExprKind::Unary && static_cast<const ast::UnaryExpr*>(subject)->op == ast::Operator::Not)
    subject = static_cast<const ast::UnaryExpr*>(subject)->operand;
  if (subject->kind != ast::ExprKind::Call) return false;
  auto* call = static_cast<const ast::CallExpr*>(subject);
  bool named = call->callee->kind == ast::ExprKind::Name && call->arguments.size() == 1 &&
               static_cast<const ast::NameExpr*>(call->callee)->name == "reached";
  if (!named) return false;
  const ast::Expr* argument = call->arguments[0].value;
  if (argument->kind != ast::ExprKind::Name) {
    diagnostics_.report(argument->span, diag::ExpectedFound, "the name of an environment", "this")
        .advise("write `reached(production)`");
    return true;
  }
  ast::Name name{static_cast<const ast::NameExpr*>(argument)->name, argument->span};
  expect_symbol(name, ir::Ref::Environment, "environment");
  return true;
}

}  // namespace rollout::check
