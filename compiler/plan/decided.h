// Private to compiler/plan: whether constants alone decide a condition, so that nobody need measure anything.
#pragma once

#include <optional>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// What the condition always is; nothing where it depends on what is measured. Ratios of counts are 0% to 100%, times
/// are not negative; a gauge may be anything.
std::optional<bool> decided(const Plan& plan, const Condition& condition);

}  // namespace rollout::plan
