#include "runtime/metrics/counter_window.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/base/visible.h"

namespace rollout::metrics {
namespace {

std::string key_of(const Series& series) {
  std::vector<std::pair<std::string, std::string>> labels = series.labels;
  std::sort(labels.begin(), labels.end());
  std::string key;
  for (const auto& [name, value] : labels) key += fmt::format("{}\x1f{}\x1e", name, value);
  return key;
}

std::string target_of(const Series& series, const std::vector<std::string>& labels) {
  std::string key;
  for (const std::string& label : labels)
    key += fmt::format("{}\x1f{}\x1e", label, series.label(label));
  return key;
}

}  // namespace

Result<CounterWindow::Taken> CounterWindow::take(const std::vector<Series>& window,
                                                 const std::vector<std::string>& target_labels,
                                                 const CounterWindow* known) {
  Taken taken;
  std::map<std::string, Point> points;
  std::set<std::string> targets;
  const std::set<std::string>& seen_before = known ? known->targets_ : targets_;
  for (const Series& series : window) {
    const std::string key = key_of(series);
    const std::string target = target_of(series, target_labels);
    const auto before = points_.find(key);
    const bool began_at_zero = before == points_.end() && seen_before.contains(target);
    const bool has_start = before != points_.end() || began_at_zero;
    Point point = before != points_.end() ? before->second : Point{};
    double events = 0;
    for (const Sample& sample : series.samples) {
      if (!std::isfinite(sample.value) || sample.value < 0) {
        return OpError{
            fmt::format("{} is {}, which no counter is", quoted_of(series.label("__name__")), sample.value)};
      }
      if (before != points_.end() && sample.time_s <= point.time_s) continue;
      if (has_start) {
        taken.advanced = true;
        events += sample.value >= point.value ? sample.value - point.value : sample.value;
      }
      point = {sample.time_s, sample.value};
    }
    if (!points.emplace(key, point).second) return OpError{"one series stands twice in the answer"};
    targets.insert(target);
    if (has_start) taken.increases.push_back({&series, events});
  }
  taken.first = taken.increases.empty();
  points_ = std::move(points);
  targets_ = std::move(targets);
  return taken;
}

}  // namespace rollout::metrics
