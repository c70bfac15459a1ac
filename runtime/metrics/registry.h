// The metric sources that this program knows, by the name of their declaration in the language.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/effects/effects.h"
#include "runtime/metrics/metric_source.h"

namespace rollout::metrics {

/// Null when the target's backend is no metric source; an error when its configuration cannot be
/// used.
Result<std::unique_ptr<MetricSource>> make_source(const plan::Target& target,
                                                  const effects::Effects& effects);
std::vector<std::string_view> source_names();

}  // namespace rollout::metrics
