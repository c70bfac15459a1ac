// Plans of earlier versions: what they say is so still, but it is not all that a plan says today. Nobody runs them; who
// shows what a run did, and who asks the record about a version, reads them all the same.
#pragma once

#include <string>

#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"

namespace rollout::plan {

/// The first member, `services[0].tier`, that only one of the two has, where they agree in all that both have; empty:
/// they contradict each other, or are the same.
std::string where_older(const json::Node& was, const json::Node& now);

/// As from_json, but the plan of an earlier version is read, too. What it does not say is as if it had none of it.
Result<Plan> from_json_to_show(std::string_view bytes, std::string_view hash);

}  // namespace rollout::plan
