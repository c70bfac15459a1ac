// What every store says in the same case, so that people and tests see one wording.
#pragma once

#include <string_view>

#include "compiler/base/result.h"
#include "runtime/journal/event.h"
#include "runtime/journal/promotion.h"
#include "runtime/journal/prune.h"

namespace rollout::journal {

OpError no_such_run(std::string_view run);
OpError plan_already_run(std::string_view run);
OpError driven_by_another(std::string_view run);
OpError run_has_ended(std::string_view run, Outcome outcome);
OpError run_was_pruned(const Pruned& pruned);
OpError no_such_promotion(std::string_view name);
OpError promotion_has_ended(std::string_view name, PromotionOutcome outcome);
OpError promotion_aborted(std::string_view name);
OpError damaged_run(std::string_view run, std::string_view what);
OpError damaged_promotion(std::string_view name, std::string_view what);

}  // namespace rollout::journal
