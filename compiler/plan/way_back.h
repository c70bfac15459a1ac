// The way back: from the steps that have begun, what is undone and in which order. For the executor, which goes it,
// and for the previews, which show it. Each service is undone on its own, by the list of the last begun step that
// changed it; a service that another one was built upon waits for that one. What was independent stays independent.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// What undoes one service: undo_to(`Plan::steps[last_step]`, `scope`), in its order.
struct ServiceUndo {
  uint32_t service = none;
  uint32_t first_step = none;   ///< the first and the last begun step that acts on it
  uint32_t last_step = none;
  uint32_t scope = none;        ///< to whose entry it leads; none: to the start of the run
  std::vector<uint32_t> after;  ///< entries of the way that must be undone before: their steps came after `first_step`
};

/// Later steps first, so that going the entries one after another is in order, too.
using WayBack = std::vector<ServiceUndo>;

/// The last commit that has begun; `none`: there is none.
uint32_t commit_passed(const Plan& plan, const std::vector<bool>& begun);

/// Whether people have said yes, or a gate that can refuse has looked at a service changed by then, among the steps
/// [first, end); also where these change nothing. A gate of any service looks at a flag, a schema and their like.
bool is_judged(const Plan& plan, uint32_t first, uint32_t end);

/// `begun`, by step: whether it has begun, and is not taken back yet. A commit that has begun ends the way.
WayBack way_back(const Plan& plan, const std::vector<bool>& begun);

/// The way back of one scope alone, to its entry.
WayBack way_back_of(const Plan& plan, const std::vector<bool>& begun, uint32_t scope);

/// As `begun`: the steps up to `step`, all of them; `none`: no step.
std::vector<bool> begun_up_to(const Plan& plan, uint32_t step);

/// The way back once the steps up to `step` have begun, all of them.
WayBack way_back_from(const Plan& plan, uint32_t step);

/// The undo actions of one entry, in order.
const std::vector<uint32_t>& undo_of(const Plan& plan, const ServiceUndo& entry);

/// All undo actions of a way, one after another.
std::vector<uint32_t> undo_list(const Plan& plan, const WayBack& way);

}  // namespace rollout::plan
