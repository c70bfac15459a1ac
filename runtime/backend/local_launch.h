// Starting instances so that a crash at any moment neither loses nor doubles one: first the record
// with id and port, then the process with the id in its environment, then the record with the pid.
// A record without a pid is settled by looking for the id in the environments of all processes.
#pragma once

#include <algorithm>
#include <set>
#include <string>

#include "compiler/base/result.h"
#include "runtime/backend/local_spec.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

/// The environment variable that marks an instance.
inline constexpr std::string_view instance_variable = "ROLLOUT_INSTANCE";
inline constexpr std::string_view log_ending = ".log";

/// What this variable holds in the environment of that instance: the directory and the id, as they are on record, since
/// who looks for it later may know the directory by another path.
inline std::string marker_of(const Instance& instance) {
  return instance.log.substr(0, instance.log.size() - std::min(instance.log.size(), log_ending.size()));
}

class LocalLaunch {
 public:
  LocalLaunch(const effects::Effects& effects, const LocalSpec& spec, std::string root)
      : effects_(effects), spec_(spec), root_(std::move(root)) {}

  /// Brings every instance of `set` up that is not. Those that live are left alone.
  Status start(LocalState& state, const InstanceSet& set, const std::string& effect);
  /// Brings one instance of `state` up that has ended: at its port, or at a free one when that is taken.
  Status start_again(LocalState& state, const InstanceSet& set, Instance& instance);

 private:
  Status choose_port_again(const LocalState& state, const InstanceSet& set, Instance& instance);
  Status record(LocalState& state, const InstanceSet& set, const std::string& effect);
  Status launch(Instance& instance, const InstanceSet& set);
  /// Adds the ports of all services of a target but one.
  Status add_ports(const std::string& directory, std::string_view but, std::set<int>& taken);
  Result<int> free_port(const LocalState& state, int64_t replicas);

  const effects::Effects& effects_;
  const LocalSpec& spec_;
  std::string root_;
};

}  // namespace rollout::backend
