// SimFaults: what the faults that a run brings upon its own canaries do to what is measured: killed instances are
// unhealthy until they have recovered, and delayed requests take longer. For SimWorld only.
#pragma once

#include <vector>

#include "runtime/exec/world.h"
#include "runtime/sim/traffic.h"

namespace rollout::sim {

/// A canary recovers in this time where nothing is said of it and no gate reads it.
inline constexpr int64_t default_recovery_ns = 5'000'000'000;

class SimFaults {
 public:
  explicit SimFaults(const plan::Plan& plan) : plan_(plan), canaries_(plan.services.size()) {}

  /// `setting` is so from `now_ns` on.
  void set(uint32_t service, const plan::Setting& setting, int64_t now_ns);
  /// Changes a reading to what the faults make of it.
  void show(const plan::Term& term, const Traffic& traffic, Split split, int64_t now_ns,
            exec::Reading& reading) const;

 private:
  struct Canary {
    int64_t killed = 0, killed_ns = 0, delay_ns = 0;
  };
  int64_t recovery_ns(uint32_t service, const Traffic& traffic, Split split, int64_t now_ns) const;

  const plan::Plan& plan_;
  std::vector<Canary> canaries_;  ///< by service
};

}  // namespace rollout::sim
