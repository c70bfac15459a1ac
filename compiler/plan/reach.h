// Reach: what becomes of a plan whose hosts could not all be reached when it was made. For the commands that make and
// carry out plans. Always true: a host that was not reached is not changed, counts as failed, and has no way back.
#pragma once

#include <string>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// Why the whole run would go back for certain, in one sentence that names the hosts: more could not be reached than
/// may fail; empty: it goes on without them.
std::string lost_before_begun(const Plan& plan);

}  // namespace rollout::plan
