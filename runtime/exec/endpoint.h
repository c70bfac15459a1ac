// Endpoint: what answers calls, or does not, as a whole: a target, or one host of a target whose services each name a
// host. For breakers, records and people.
#pragma once

#include <string>

#include "compiler/plan/plan.h"

namespace rollout::exec {

/// `edge`, `web-1 of fleet`.
std::string endpoint_of(const plan::Plan& plan, const plan::Action& action);

}  // namespace rollout::exec
