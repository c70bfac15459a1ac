// How many instances a service has, by what the actions of a plan set. For proofs, and for whoever runs what they find.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

struct Instances {
  int64_t stable = 0, canary = 0, control = 0;
  int64_t all() const { return stable + canary + control; }
};

/// Where nobody looked, the stable version runs.
Instances instances_at_first(const plan::Plan& plan, uint32_t service);

void apply(const plan::Action& action, Instances& instances);

/// The services whose instances run there.
std::vector<uint32_t> services_on(const plan::Plan& plan, uint32_t target);

}  // namespace rollout::verify
