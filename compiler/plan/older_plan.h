// Plans of earlier versions: what they say is so still, but it is not all that a plan says today.
#pragma once

#include <string>

#include "compiler/base/json.h"

namespace rollout::plan {

/// The first member, `services[0].tier`, that only one of the two has, where they agree in all that both have; empty:
/// they contradict each other, or are the same.
std::string where_older(const json::Node& was, const json::Node& now);

}  // namespace rollout::plan
