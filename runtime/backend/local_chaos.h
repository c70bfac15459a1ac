// LocalChaos: the fault that an action brings upon the canary of a `local` target: some of its processes are killed, as
// a crash would, and the supervisor starts them again. For LocalBackend only. Always true: only processes that the
// state file names as victims are killed, and each of them once.
#pragma once

#include <string>

#include "runtime/backend/local_spec.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"
#include "runtime/exec/world.h"

namespace rollout::backend {

class LocalChaos {
 public:
  LocalChaos(const effects::Effects& effects, const LocalSpec& spec) : effects_(effects), spec_(spec) {}

  /// The victims: the first of the canary's instances that run. Kills nothing yet.
  Result<LocalFault> choose(const LocalState& state, int64_t count, const std::string& effect) const;
  Status strike(const LocalFault& fault) const;
  /// Whether so many were killed; 0: whether there is no fault.
  exec::Observation see(const LocalState& state, int64_t count) const;
  /// Once all of the canary's instances are ready again, remembers when that was seen; then a line for people.
  std::string note_recovery(LocalState& state) const;
  /// How long the canary needed to recover, or how long it has not by now.
  exec::Reading recovery(const LocalState& state) const;

 private:
  int64_t alive(const LocalFault& fault) const;

  const effects::Effects& effects_;
  const LocalSpec& spec_;
};

}  // namespace rollout::backend
