// What of a condition does not hold, in words.
#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

std::string broken_text(const ir::Program& program, eval::Evaluator& evaluator, const SourceMap& sources,
                        ir::ModuleId module, const ast::Expr* subject, const eval::Frame& frame) {
  auto path_of = [&](const ast::Expr* expr) {
    const ir::ExprInfo& known = program.info(module, expr);
    return known.ref == ir::Ref::Property ? ir::row_of(ir::Property(known.index)).path : std::string_view();
  };
  if (std::string_view path = path_of(subject); !path.empty())
    return fmt::format("{} is {}", path, eval::to_text(evaluator.eval(module, subject, frame)));
  auto* unary = subject->kind == ast::ExprKind::Unary ? static_cast<const ast::UnaryExpr*>(subject) : nullptr;
  if (unary && unary->op == ast::Operator::Not && !path_of(unary->operand).empty())
    return fmt::format("{} is true", path_of(unary->operand));
  auto* binary = subject->kind == ast::ExprKind::Binary ? static_cast<const ast::BinaryExpr*>(subject) : nullptr;
  bool compares = binary && !eval::comparison_text(binary->op).empty() && !path_of(binary->left).empty();
  constexpr size_t most = 50;
  std::string_view written = sources.text(subject->span);
  bool short_line = written.size() <= most && written.find('\n') == std::string_view::npos;
  if (!compares) return short_line ? fmt::format("`{}` does not hold", written) : "a rule does not hold";
  return fmt::format("{} is {}, not {} {}", path_of(binary->left),
                     eval::to_text(evaluator.eval(module, binary->left, frame)), eval::comparison_text(binary->op),
                     eval::to_text(evaluator.eval(module, binary->right, frame)));
}

}  // namespace rollout::plan
