// Private to compiler/plan: what the router of one service divides at one moment.
#pragma once

#include <array>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// By role.
struct Divided {
  std::array<int64_t, role_count> share_ppb{}, instances{};

  bool operator==(const Divided&) const = default;
  void follow(const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
      if (setting.variable == Variable::Share) share_ppb[size_t(setting.role)] = setting.value.number;
      if (setting.variable == Variable::Instances) instances[size_t(setting.role)] = setting.value.number;
    }
  }
};

}  // namespace rollout::plan
