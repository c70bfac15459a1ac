// The `prometheus` metric source: raw samples of the last few seconds, never a rate computed
// elsewhere, so that each event is counted once and only fresh samples count. Config: url, timeout,
// fresh (the greatest age of a sample).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/effects/effects.h"
#include "runtime/metrics/counter_window.h"
#include "runtime/metrics/metric_source.h"
#include "runtime/metrics/prometheus_api.h"

namespace rollout::metrics {

Result<std::unique_ptr<MetricSource>> make_prometheus(const plan::Target& target,
                                                      const effects::Effects& effects);

class PrometheusSource : public MetricSource {
 public:
  PrometheusSource(PrometheusApi api, int64_t fresh_ns)
      : api_(std::move(api)), fresh_ns_(fresh_ns) {}

  std::vector<exec::Reading> read(const plan::Plan& plan,
                                  const std::vector<plan::Term>& terms,
                                  const std::vector<std::optional<Subject>>& subjects) override;
  Result<journal::PastReading> past(const plan::Plan& plan, const plan::Baseline& baseline) override;

 private:
  /// What one term asks: one selector for a histogram or a gauge, two for a ratio.
  struct Question {
    std::vector<std::string> selectors;
    std::vector<std::string> target_labels;
    std::string scraped;  ///< selects `up` of all labelled instances; empty: nobody is expected
    std::string by;
    std::string error;  ///< why it cannot be asked
  };
  /// The counters of one term at its previous reading.
  struct Memory {
    CounterWindow whole, part;
  };
  using TermKey = std::tuple<uint32_t, int, int64_t>;
  struct Answer {
    exec::Reading reading;
    std::optional<Memory> next;  ///< to be remembered if the reading is used
    bool waits = false;          ///< fresh, but no scrape since the previous reading
  };

  using Windows = std::map<std::string, Result<std::vector<Series>>>;

  static Question question_for(const plan::Plan& plan, const plan::Term& term,
                               const std::optional<Subject>& subject);
  Windows ask(const std::vector<Question>& questions, double now_s);
  /// Why not all instances of the subject are known to be scraped under their own labels yet.
  std::optional<exec::Reading> not_scraped(const plan::Term& term, const Question& question,
                                           const Subject& subject, const Windows& windows);
  Answer answer(const plan::Plan& plan, const plan::Term& term, const Question& question,
                const Windows& windows);
  Answer read_ratio(const Question& question, const Memory& memory, const std::vector<Series>& part,
                    const std::vector<Series>& whole);
  Answer read_histogram(const plan::Term& term, const Question& question, const Memory& memory,
                        const std::vector<Series>& buckets);
  exec::Reading read_gauge(const plan::Signal& signal, const std::vector<Series>& series);
  // prometheus_past.cpp
  Result<std::vector<Series>> ask_past(const plan::Baseline& baseline, const std::string& query, double from_s,
                                       double to_s, double step_s);
  Result<journal::PastReading> past_ratio(const plan::Baseline& baseline, const Question& question, double now_s);
  Result<journal::PastReading> past_histogram(const plan::Baseline& baseline, const Question& question, double now_s);
  Result<journal::PastReading> past_gauge(const plan::Baseline& baseline, const plan::Signal& signal,
                                          const Question& question, double now_s);
  std::string absent(const std::string& selector) const;

  PrometheusApi api_;
  int64_t fresh_ns_;
  std::map<TermKey, Memory> memories_;
  std::set<std::string> scraped_;  ///< own instances that were scraped under their own labels, and as what
};

}  // namespace rollout::metrics
