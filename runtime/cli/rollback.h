// Taking back what has succeeded: a run by itself, or one after another the runs of a promotion. For `rollback`.
#pragma once

#include <string>

#include "runtime/cli/hand.h"

namespace rollout::cli {

/// Whether a run is taken back by itself, or with the whole promotion that it belongs to, whose person was asked once.
enum class Of { Run, Promotion };

std::string rollback_reason(const Context& context);
/// Whether the run may still be taken back: within the window, before any commit, and before newer runs.
Status check_way(const Context& context, const RunInHand& held, Of of);
/// How a run comes to be taken back.
struct Back {
  Of of = Of::Run;
  std::string reason;
  journal::Claims* beside = nullptr;  ///< of the promotion
};
/// Looks again under the locks, and drives the way back of a run that has succeeded.
int take_back_ended(const Context& context, RunInHand& held, const Back& back);

/// `rollout rollback p3`
int rollback_promotion(const Context& context, const std::string& name);

}  // namespace rollout::cli
