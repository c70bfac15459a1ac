// Windows of the past, as Prometheus remembers them: one value for each part of the window, computed by Prometheus from
// all series of the service; which instances served then is nobody's business now.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "runtime/metrics/bucket_quantile.h"
#include "runtime/metrics/prometheus.h"
#include "runtime/metrics/prometheus_query.h"

namespace rollout::metrics {
namespace {

/// By the moment at which a part ends, in milliseconds.
using Parts = std::map<int64_t, double>;

constexpr double ms_per_s = 1000;
constexpr double max_events = 1e15;

struct Window {
  double from_s, to_s, step_s;
  int64_t part_ms;
};

Window window_of(const plan::Baseline& baseline, double now_s) {
  int64_t part_ms = baseline.part_ns / eval::ns_per_ms;
  double step_s = double(part_ms) / ms_per_s;
  int64_t parts = baseline.window_ns / baseline.part_ns;
  return {now_s - double(parts - 1) * step_s, now_s, step_s, part_ms};
}

Parts parts_of(const Series& series) {
  Parts parts;
  for (const Sample& sample : series.samples)
    if (std::isfinite(sample.value)) parts[std::llround(sample.time_s * ms_per_s)] = sample.value;
  return parts;
}

double mean_of(const std::vector<double>& values) {
  double mean = 0;
  for (double value : values) mean += value / double(values.size());
  return mean;
}

/// The mean of the parts is their own, so that a window of few requests does not look steady.
double deviation_of(const std::vector<double>& values) {
  double mean = mean_of(values), squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return values.size() < 2 ? 0 : std::sqrt(squares / double(values.size() - 1));
}

/// What is up to a bound is also up to every later one; increases that were computed apart miss that by rounding.
void make_cumulative(std::map<double, double>& counts) {
  double most = 0;
  for (auto& [bound, events] : counts) events = most = std::max(most, events);
}

/// Too little of a window is no window.
Status check_cover(const plan::Baseline& baseline, size_t with_data) {
  int64_t parts = baseline.window_ns / baseline.part_ns;
  int64_t needed = std::max<int64_t>(plan::least_parts, (parts + 1) / 2);
  if (int64_t(with_data) >= needed) return Done{};
  return OpError{fmt::format("{} has data in {} of its {} parts, and {} are needed: read a shorter window, or wait "
                             "until Prometheus has seen more",
                             baseline.text, with_data, parts, needed)};
}

std::string increase_of(const std::string& selector, const Window& window) {
  return fmt::format("increase({}[{}ms])", selector, window.part_ms);
}

}  // namespace

Result<std::vector<Series>> PrometheusSource::ask_past(const plan::Baseline& baseline, const std::string& query,
                                                       double from_s, double to_s, double step_s) {
  Result<std::vector<Series>> series = api_.range(query, from_s, to_s, step_s);
  if (!series) return OpError{fmt::format("{} cannot be read: {}", baseline.text, series.error().message)};
  if (series->empty())
    return OpError{fmt::format("{} cannot be read: Prometheus has no sample of it ({})", baseline.text, query)};
  return series;
}

Result<journal::PastReading> PrometheusSource::past(const plan::Plan& plan, const plan::Baseline& baseline) {
  const Result<double> now_s = api_.now_s();
  if (!now_s) return OpError{fmt::format("{} cannot be read: {}", baseline.text, now_s.error().message)};
  const Question question = question_for(plan, {baseline.signal, plan::Role::All, 0}, std::nullopt);
  if (!question.error.empty()) return settled_error(fmt::format("{}: {}", baseline.text, question.error));
  const plan::Signal& signal = plan.signals[baseline.signal];
  switch (signal.evidence) {
    case plan::Evidence::Counts: return past_ratio(baseline, question, *now_s);
    case plan::Evidence::Buckets: return past_histogram(baseline, question, *now_s);
    case plan::Evidence::Value: break;
  }
  return past_gauge(baseline, signal, question, *now_s);
}

Result<journal::PastReading> PrometheusSource::past_ratio(const plan::Baseline& baseline, const Question& question,
                                                          double now_s) {
  const Window window = window_of(baseline, now_s);
  Parts counted[2];  // the part, the whole
  for (size_t i = 0; i < 2; ++i) {
    const std::string query = fmt::format("sum({})", increase_of(question.selectors[i], window));
    const Result<std::vector<Series>> series = ask_past(baseline, query, window.from_s, window.to_s, window.step_s);
    if (!series) return series.error();
    counted[i] = parts_of(series->front());
  }
  std::vector<double> rates;
  double bad = 0, total = 0;
  for (const auto& [end_ms, whole] : counted[1]) {
    if (!(whole > 0)) continue;
    // A counter that appears with its first error was at zero before.
    const auto found = counted[0].find(end_ms);
    const double part = found == counted[0].end() ? 0 : std::min(found->second, whole);
    rates.push_back(part / whole * double(eval::percent_all));
    bad += part, total += whole;
  }
  if (Status covered = check_cover(baseline, rates.size()); !covered) return covered.error();
  if (total > max_events) return OpError{fmt::format("{} counts {:.3g} events", baseline.text, total)};
  journal::PastReading past{0, deviation_of(rates), int64_t(rates.size()), std::llround(total), 0};
  past.bad = std::min<int64_t>(past.total, std::llround(bad));
  past.mean = bad / total * double(eval::percent_all);
  return past;
}

Result<journal::PastReading> PrometheusSource::past_histogram(const plan::Baseline& baseline, const Question& question,
                                                              double now_s) {
  const Window window = window_of(baseline, now_s);
  const std::string query = fmt::format("sum by (le) ({})", increase_of(question.selectors.front(), window));
  const Result<std::vector<Series>> series = ask_past(baseline, query, window.from_s, window.to_s, window.step_s);
  if (!series) return series.error();
  std::map<int64_t, std::map<double, double>> parts;
  std::map<double, double> whole;
  for (const Series& bucket : *series) {
    const std::optional<double> bound = bucket_bound(bucket.label("le"));
    if (!bound) return OpError{fmt::format("{}: a bucket has no valid `le`", baseline.text)};
    for (const auto& [end_ms, events] : parts_of(bucket)) parts[end_ms][*bound] += events, whole[*bound] += events;
  }
  const double quantile = double(baseline.quantile_ppb) / double(eval::percent_all);
  std::vector<double> values;
  for (auto& [end_ms, counts] : parts) {
    make_cumulative(counts);
    if (counts.rbegin()->second < 1) continue;
    const Result<Quantile> value = quantile_of(counts, quantile);
    if (!value) return OpError{fmt::format("{}: {}", baseline.text, value.error().message)};
    values.push_back(value->value * double(eval::ns_per_s));
  }
  if (Status covered = check_cover(baseline, values.size()); !covered) return covered.error();
  make_cumulative(whole);
  const Result<Quantile> all = quantile_of(whole, quantile);
  if (!all) return OpError{fmt::format("{}: {}", baseline.text, all.error().message)};
  return journal::PastReading{all->value * double(eval::ns_per_s), deviation_of(values), int64_t(values.size()), 0, 0};
}

/// As of now: the worst instance at each moment.
Result<journal::PastReading> PrometheusSource::past_gauge(const plan::Baseline& baseline, const plan::Signal& signal,
                                                          const Question& question, double now_s) {
  const Window window = window_of(baseline, now_s);
  const std::string query = fmt::format("max({})", question.selectors.front());
  const Result<std::vector<Series>> series = ask_past(baseline, query, window.from_s, window.to_s, window.step_s);
  if (!series) return series.error();
  std::vector<double> values;
  for (const auto& [end_ms, value] : parts_of(series->front())) values.push_back(value * unit_factor(signal));
  if (Status covered = check_cover(baseline, values.size()); !covered) return covered.error();
  return journal::PastReading{mean_of(values), deviation_of(values), int64_t(values.size()), 0, 0};
}

}  // namespace rollout::metrics
