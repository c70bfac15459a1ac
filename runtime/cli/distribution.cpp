#include "runtime/cli/distribution.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"

namespace rollout::cli {

namespace {

int64_t quantile(const std::vector<int64_t>& sorted, size_t percent) {
  return sorted[(sorted.size() - 1) * percent / 100];
}

std::string as_json(const Simulated& what, const Distribution& runs) {
  json::Writer json;
  json.begin_object()
      .field("version", 1)
      .field("type", "distribution")
      .field(what.field, what.name)
      .field("runs", uint64_t(runs.durations_ns.size()));
  json.key("outcomes").begin_object();
  for (const auto& [outcome, times] : runs.outcomes) json.field(outcome, times);
  json.end_object();
  for (auto [name, values] : {std::pair("run_ns", &runs.durations_ns), std::pair("exposure_ns", &runs.exposures_ns)}) {
    json.key(name).begin_object();
    for (size_t percent : {0, 50, 90, 99, 100}) json.field(fmt::format("p{}", percent), quantile(*values, percent));
    json.end_object();
  }
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

void print_distribution(const Context& context, const Simulated& what, Distribution runs) {
  size_t count = runs.durations_ns.size();
  std::sort(runs.durations_ns.begin(), runs.durations_ns.end());
  std::sort(runs.exposures_ns.begin(), runs.exposures_ns.end());
  if (context.json()) return context.out(as_json(what, runs));
  context.out(fmt::format("{} in {} simulated runs\n\n", context.style.bold(what.title), count));
  for (const auto& [outcome, times] : runs.outcomes)
    context.out(fmt::format("  {}  {:5.1f}%  {}\n", right(std::to_string(times), 7),
                            100.0 * double(times) / double(count), outcome));
  context.out(fmt::format("\n  {}  {:>9} {:>9} {:>9} {:>9}\n", left("", 10), "least", "half", "90%", "most"));
  for (auto [name, values] : {std::pair("duration", &runs.durations_ns), std::pair("exposure", &runs.exposures_ns)})
    context.out(fmt::format("  {}  {:>9} {:>9} {:>9} {:>9}\n", left(name, 10), short_duration(quantile(*values, 0)),
                            short_duration(quantile(*values, 50)), short_duration(quantile(*values, 90)),
                            short_duration(quantile(*values, 100))));
}

}  // namespace rollout::cli
