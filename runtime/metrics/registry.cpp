#include "runtime/metrics/registry.h"

#include "runtime/metrics/prometheus.h"

namespace rollout::metrics {

Result<std::unique_ptr<MetricSource>> make_source(const plan::Target& target,
                                                  const effects::Effects& effects) {
  if (target.backend == "prometheus") return make_prometheus(target, effects);
  return std::unique_ptr<MetricSource>();
}

std::vector<std::string_view> source_names() {
  return {"prometheus"};
}

}  // namespace rollout::metrics
