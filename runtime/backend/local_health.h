// Whether instances are alive and answer their probes, asked of all at once.
#pragma once

#include <string>
#include <vector>

#include "runtime/backend/local_spec.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

struct Health {
  const Instance* instance = nullptr;
  bool alive = false;
  bool live = false;   ///< alive, and its liveness probe, if any, answers 2xx
  bool ready = false;  ///< alive, and every probe answers 2xx
  std::string detail;  ///< when not ready: which instance, and why
};

/// In the order of the instances. `set`: only those of this set.
std::vector<Health> check_health(const effects::Effects& effects, const LocalSpec& spec,
                                 const LocalState& state, const InstanceSet& set);

/// The last lines of an instance's log, on one line; empty when there are none.
std::string last_words(effects::Files& files, const Instance& instance);

}  // namespace rollout::backend
