#include "compiler/plan/policy.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::plan {

namespace {

bool is_every_rollout(const ast::PolicyItem& item) {
  return item.kind == ast::PolicyItemKind::Every && item.every.element.text == "rollout";
}

class RuleReader {
 public:
  RuleReader(const ir::Program& program, eval::Evaluator& evaluator) : program_(program), evaluator_(evaluator) {}

  void add(const ir::Policy& policy, ast::List<ast::PolicyItem> items, ir::ModuleId module, const eval::Frame& frame,
           uint32_t locals, Span at) {
    for (const ast::PolicyItem& item : items) {
      if (item.kind == ast::PolicyItemKind::Call) add_call(policy, item, module, frame, at);
      else if (item.kind != ast::PolicyItemKind::Except && !is_every_rollout(item))
        rules.push_back({&policy, &item, module, frame, locals, at.valid() ? at : item.span});
    }
  }

  std::vector<PolicyRule> rules;

 private:
  void add_call(const ir::Policy& policy, const ast::PolicyItem& item, ir::ModuleId module, const eval::Frame& frame,
                Span at) {
    if (evaluator_.spent()) return;
    auto* call = static_cast<const ast::CallExpr*>(item.subject);
    const ir::Policy& callee = program_.policies[program_.info(module, call->callee).index];
    ir::Match match = ir::match_arguments(callee.parameters, call->arguments);
    eval::Frame inner(callee.slots);
    for (size_t i = 0; i < callee.parameters.size(); ++i)
      inner[i] = evaluator_.bind(callee.parameters[i], callee.module, module, match.value(i), frame);
    // What stands in the library is shown where it was asked for.
    if (!at.valid() && program_.modules[callee.module]->library) at = item.span;
    add(policy, callee.decl->items, callee.module, inner, uint32_t(callee.parameters.size()), at);
  }

  const ir::Program& program_;
  eval::Evaluator& evaluator_;
};

bool holds_in(const ir::Program& program, const ir::Policy& policy, const ast::PolicyEvery& every,
              const ir::Environment* environment) {
  const auto& scope = program.modules[policy.module]->scope;
  return every.environments.empty() ||
         std::any_of(every.environments.begin(), every.environments.end(), [&](const ast::Name& name) {
           auto found = scope.find(name.text);
           return found != scope.end() && environment == &program.environments[found->second.index];
         });
}

}  // namespace

std::vector<PolicyRule> rules_of(const ir::Program& program, eval::Evaluator& evaluator,
                                 const ir::Environment* environment, bool everywhere, const eval::Value& rollout) {
  RuleReader reader(program, evaluator);
  for (const ir::Policy& policy : program.policies)
    for (const ast::PolicyItem& item : policy.decl->items) {
      if (!is_every_rollout(item)) continue;
      if (!everywhere && !holds_in(program, policy, item.every, environment)) continue;
      eval::Frame frame(policy.slots);
      frame[0] = rollout;
      reader.add(policy, item.items, policy.module, frame, 1, {});
    }
  return std::move(reader.rules);
}

std::string step_text(const Step& step) { return fmt::format("{} ({})", step.text, step.place); }

void find_mentions(const ir::Program& program, ir::ModuleId module, const ast::Expr* expr, Mentions& mentions) {
  auto in = [&](const ast::Expr* part) {
    if (part) find_mentions(program, module, part, mentions);
  };
  const ir::ExprInfo& known = program.info(module, expr);
  if (known.ref == ir::Ref::Property) {
    mentions.properties.push_back(ir::Property(known.index));
    return;
  }
  switch (expr->kind) {
    case ast::ExprKind::Error: case ast::ExprKind::Literal: break;
    case ast::ExprKind::Name:
      mentions.others +=
          known.type && (known.type->is(ir::TypeKind::Rollout) || known.type->is(ir::TypeKind::Element));
      break;
    case ast::ExprKind::Text:
      for (const ast::Expr* part : static_cast<const ast::TextExpr*>(expr)->parts) in(part);
      break;
    case ast::ExprKind::Member: in(static_cast<const ast::MemberExpr*>(expr)->object); break;
    case ast::ExprKind::Call:
      in(static_cast<const ast::CallExpr*>(expr)->callee);
      for (const ast::Argument& argument : static_cast<const ast::CallExpr*>(expr)->arguments) in(argument.value);
      break;
    case ast::ExprKind::Index:
      in(static_cast<const ast::IndexExpr*>(expr)->object);
      in(static_cast<const ast::IndexExpr*>(expr)->index);
      break;
    case ast::ExprKind::Unary: in(static_cast<const ast::UnaryExpr*>(expr)->operand); break;
    case ast::ExprKind::Binary:
      in(static_cast<const ast::BinaryExpr*>(expr)->left);
      in(static_cast<const ast::BinaryExpr*>(expr)->right);
      break;
    case ast::ExprKind::List:
      for (const ast::Expr* item : static_cast<const ast::ListExpr*>(expr)->items) in(item);
      break;
    case ast::ExprKind::Map:
      for (const ast::Expr* item : static_cast<const ast::MapExpr*>(expr)->items) in(item);
      break;
    case ast::ExprKind::Match:
      in(static_cast<const ast::MatchExpr*>(expr)->subject);
      for (const ast::MatchArm& arm : static_cast<const ast::MatchExpr*>(expr)->arms) in(arm.value);
      break;
    case ast::ExprKind::Except: in(static_cast<const ast::ExceptExpr*>(expr)->calendar); break;
  }
}

}  // namespace rollout::plan
