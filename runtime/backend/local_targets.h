// targets.json: all running instances of a local target as Prometheus' file_sd wants them, with the
// labels service, place, track (stable or canary), version and instance_set. Written whenever an
// instance comes, goes or changes role. Prometheus reads it late: until then it takes what listens at a
// port for what listened there before, and only instance_set tells the two apart.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

/// `g3-1.1`: what the instances of a set are labelled with; no other set ever was or will be.
std::string set_label(const InstanceSet& set);

Status write_targets(const effects::Effects& effects, const std::string& directory);

}  // namespace rollout::backend
