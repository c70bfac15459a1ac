// Runs and promotions for commands that only show them: a state of an older format stays as it is, and the plans of an
// earlier rollout are read. For `status`, `explain` and `audit`; lists come from open_runs, which only looks, too.
#pragma once

#include <optional>
#include <string>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/session.h"

namespace rollout::cli {

/// As open_run.
NamedRunOrExit look_at_run(const Context& context, const std::optional<std::string>& name);

/// As open_promotion.
std::optional<NamedPromotion> look_at_promotion(const Context& context, const std::string& name, int& exit_code);

/// As take_hold, with the events.
std::optional<RunInHand> look_into(const Context& context, const std::string& name, int& exit_code);

/// As planned_of. Nothing may be driven by it.
Result<Planned> planned_to_show(journal::Store& store, const journal::RunInfo& run, const Project& project);

}  // namespace rollout::cli
