// targets.json: all running instances of a local target as Prometheus' file_sd wants them, with the
// labels service, place, track (stable or canary) and version. Written whenever an instance comes,
// goes or changes role.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

Status write_targets(const effects::Effects& effects, const std::string& directory);

}  // namespace rollout::backend
