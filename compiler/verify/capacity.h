// Private to compiler/verify: proof 7, traffic and capacity. Every version has at least as many of the instances of
// its service as it has of the traffic, on the way forward, and on the way back from every step. Without a router the
// stable version has all of the traffic; who becomes the stable version has as many instances as the whole needs.
#pragma once

#include "compiler/verify/proofs.h"

namespace rollout::verify {

void find_overload(const plan::Plan& plan, std::vector<Finding>& findings);

}  // namespace rollout::verify
