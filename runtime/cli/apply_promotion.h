// Carrying a promotion out: for `apply FILE PROMOTION`, for going on with one, and for `abort` of one that nobody
// drives. The engine's loop decides; here environments are planned and their runs made and driven.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/planning.h"
#include "runtime/journal/store.h"
#include "runtime/exec/promotion.h"

namespace rollout::cli {

/// `apply FILE PROMOTION`. One of the same name that has not ended goes on, when its inputs are the same.
int apply_promotion(const Context& context, const std::vector<plan::Stage>& stages, Timings& timings);

/// `apply --resume p3`
int resume_promotion(const Context& context, const std::string& name);

/// A promotion that a person named, in the project that the command stands in; what is wrong has been said when there
/// is none.
struct NamedPromotion {
  Project project;
  std::unique_ptr<journal::Store> store;
  std::string name;
  int64_t events = 0;  ///< that `state` is the fold of
  exec::PromotionState state;
};
std::optional<NamedPromotion> open_promotion(const Context& context, const std::string& name, int& exit_code);

/// Takes what its driver holds, and looks again under it: another process may have gone on meanwhile.
Status claim(NamedPromotion& promotion);

/// The promotion that a run is a part of, where it has not ended.
struct OpenPromotion {
  std::string name, claim;
};
Result<std::optional<OpenPromotion>> open_promotion_of(journal::Store& store, const std::string& run);

/// Leaves one that nobody drives to the workers.
int offer_promotion(const Context& context, const std::string& name);

/// Goes on with it, which its store's claims allow, until it ends or is stopped, shows it, and says with which code the
/// command ends. With `--hand-over` it is left to others, unless it has ended or waits for a person.
int go_on(const Context& context, NamedPromotion& promotion, Timings& timings);

}  // namespace rollout::cli
