// Wanted: what an action asks for, read from its settings and never from its name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::backend {

/// An image, or "none": the role shall not exist.
struct WantedVersion {
  std::optional<std::string> image;
};

/// What one role shall be; what is absent is left as it is.
struct WantedRole {
  std::optional<WantedVersion> version;
  std::optional<int64_t> instances;
  std::optional<int64_t> share_ppb;
  std::optional<int64_t> killed;  ///< instances that a fault has killed; 0: no fault
  std::optional<bool> restarted;  ///< true: all are started again; false: no restart is under way
  std::optional<std::vector<std::string>> cohorts;  ///< whose requests it gets, whatever its share

  bool gone() const { return version ? !version->image : instances == 0; }
  /// Nothing but the number of its instances changes.
  bool scaled() const { return instances && *instances > 0 && !version; }
};

struct Wanted {
  WantedRole stable, canary, control;  ///< a control has the version that is stable
};

Wanted wanted_by(const plan::Action& action);

}  // namespace rollout::backend
