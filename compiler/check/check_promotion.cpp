// Promotions: a rollout through environments, one after the other.
#include <algorithm>

#include "compiler/check/context.h"

namespace rollout::check {

/// `promotion ship = release { dev then staging soak 1h then production }`
void Checker::check_promotion(ir::Promotion& promotion) {
  if (std::optional<ir::Symbol> rollout = expect_symbol(promotion.decl->rollout, ir::Ref::Rollout, "rollout"))
    promotion.rollout = rollout->index;
  for (const ast::PromotionStage& stage : promotion.decl->stages) {
    if (stage.soak) expect(stage.soak, simple(TypeKind::Duration), "`soak`");
    std::optional<ir::Symbol> environment = expect_symbol(stage.environment, ir::Ref::Environment, "environment");
    if (!environment) continue;
    const std::vector<uint32_t>& known = promotion.environments;
    if (std::find(known.begin(), known.end(), environment->index) != known.end())
      diagnostics_.report(stage.environment.span, diag::StageTwice, std::string(stage.environment.text));
    promotion.environments.push_back(environment->index);
  }
  const ast::PromotionStage& last = promotion.decl->stages.back();
  if (last.soak)
    diagnostics_.report(last.soak->span, diag::SoakLast, std::string(last.environment.text))
        .advise("leave it out, or name what comes next: `then production`");
}

}  // namespace rollout::check
