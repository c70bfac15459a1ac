// Promotions: the same rollout through environments, a plan for each.
#include <fmt/format.h>

#include "compiler/eval/evaluator.h"
#include "compiler/plan/planner.h"

namespace rollout::plan {

std::vector<Stage> stages_of(const ir::Program& program, const ir::Promotion& promotion, Diagnostics& diagnostics) {
  std::vector<Stage> stages;
  eval::Evaluator evaluator(program, std::vector<eval::Value>(program.inputs.size()), diagnostics);
  for (const ast::PromotionStage& stage : promotion.decl->stages) {
    int64_t soak_ns = 0;
    if (stage.soak) {
      eval::Value soak = evaluator.eval(promotion.module, stage.soak, {});
      soak_ns = soak.number;
      if (soak.is(eval::Value::Kind::Duration) && soak_ns <= 0)
        diagnostics.report(stage.soak->span, diag::RefinementBroken, "soak", eval::duration_text(soak_ns));
    }
    stages.push_back({std::string(promotion.decl->rollout.text), std::string(stage.environment.text), soak_ns});
  }
  return stages;
}

const ir::Promotion* find_promotion(const ir::Program& program, std::string_view name) {
  for (const ir::Promotion& promotion : program.promotions)
    if (promotion.module + 1 == program.modules.size() && promotion.decl->name.text == name) return &promotion;
  return nullptr;
}

}  // namespace rollout::plan
