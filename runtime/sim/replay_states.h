// Private to runtime/sim: what was there at once in the course of a run, by its journal. A step that has begun and is
// not done has taken effect or not: both count.
#pragma once

#include <string>

#include "runtime/sim/simulate.h"

namespace rollout::sim {

/// Whether what is declared and what it is not to meet were there at the same time: two versions, or a version and a
/// schema.
bool were_beside(const plan::Plan& plan, const SimResult& result, const plan::Beside& beside, const std::string& other);

/// The most instances that a target held at once, those included that the plan leaves alone.
int64_t most_instances(const plan::Plan& plan, const SimResult& result, uint32_t target);

/// Of the canary of a service, in parts of a billion: each that was known to be set on the way forward, in order.
std::vector<int64_t> shares_of(const plan::Plan& plan, const SimResult& result, uint32_t service);

}  // namespace rollout::sim
