// LocalSupervisor: while a run is driven, the instances of its services that die, or fail their liveness probe, are
// started again, with pauses and not for ever. It looks only at settled instances: until then the action that started
// them decides. Always true: what an action has ordered to leave is not touched, a start is recorded before it is
// tried, and an instance counts as down until it is ready again. For LocalBackend only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/backend/local_health.h"
#include "runtime/backend/local_spec.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

/// Liveness probes that fail in a row before an instance counts as dead.
inline constexpr int max_live_misses = 3;
/// An instance that was started again has this long to get ready before its liveness counts.
inline constexpr int64_t start_grace_ns = 30'000'000'000;
/// Restarts of one instance within `restart_window_ns`; after them it stays down.
inline constexpr int64_t max_restarts = 5;
inline constexpr int64_t restart_window_ns = 600'000'000'000;
/// Between restarts: the first is at once, then this, doubled each time.
inline constexpr int64_t first_restart_pause_ns = 1'000'000'000;
inline constexpr int64_t max_restart_pause_ns = 30'000'000'000;

/// Marks what runs and was not looked after yet; whether there was any.
bool settle_instances(LocalState& state);

class LocalSupervisor {
 public:
  LocalSupervisor(const effects::Effects& effects, std::string root)
      : effects_(effects), root_(std::move(root)) {}

  struct Round {
    bool changed = false;            ///< `state` is to be saved
    std::vector<std::string> lines;  ///< what happened, for people
  };
  /// Looks once at all instances of a service.
  Round round(const LocalSpec& spec, LocalState& state);
  /// `text` as a line, unless it was the last such line.
  std::vector<std::string> trouble(const std::string& text);

 private:
  struct Look {
    const LocalSpec& spec;
    LocalState& state;
    const InstanceSet& set;
    Round& round;
  };
  void look_after(Look& look, Instance& instance, const Health& health);
  void on_dead(Look& look, Instance& instance);
  void on_not_live(Look& look, Instance& instance, const std::string& why);
  void mark(Look& look, Instance& instance, bool down);
  bool may_restart(Look& look, Instance& instance, const std::string& why);
  bool adopt(Look& look, Instance& instance);
  /// Shown to people, and written to the end of the instance's log.
  void tell(Look& look, const Instance& instance, std::string line);

  effects::Effects effects_;
  std::string root_;
  std::map<effects::ProcessId, int> misses_;  ///< liveness probes failed in a row
  std::set<std::string> given_up_;            ///< ids of instances whose end was told
  std::string last_trouble_;
};

}  // namespace rollout::backend
