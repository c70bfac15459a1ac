#include "runtime/metrics/prometheus.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "compiler/base/visible.h"
#include "runtime/metrics/bucket_quantile.h"
#include "runtime/metrics/prometheus_query.h"

namespace rollout::metrics {
namespace {

using exec::Reading;

constexpr int64_t default_timeout_ns = 2'000'000'000;
constexpr int64_t default_fresh_ns = 5'000'000'000;
constexpr double max_events = 1e15;
constexpr double max_rounding = 1e-3;  ///< so far below 0 may be what was computed from other numbers

Reading failed(Reading::Status status, std::string detail) {
  Reading reading;
  reading.status = status;
  reading.detail = std::move(detail);
  return reading;
}
Reading no_data(std::string detail) {
  return failed(Reading::Status::NoData, std::move(detail));
}
Reading broken(std::string detail) {
  return failed(Reading::Status::Error, std::move(detail));
}

/// Nothing is missing, nothing is new: counts of zero.
Reading nothing_new(std::string detail) {
  return failed(Reading::Status::Ok, std::move(detail));
}

double sum(const CounterWindow::Taken& taken) {
  double total = 0;
  for (const CounterWindow::Increase& increase : taken.increases) total += increase.events;
  return total;
}

std::string seconds_text(int64_t ns) {
  return eval::duration_text(ns);
}

}  // namespace

Result<std::unique_ptr<MetricSource>> make_prometheus(const plan::Target& target,
                                                      const effects::Effects& effects) {
  std::string url;
  int64_t timeout_ns = default_timeout_ns, fresh_ns = default_fresh_ns;
  for (const auto& [name, value] : target.config) {
    if (name == "url") url = value.text;
    if (name == "timeout" && value.number > 0) timeout_ns = value.number;
    if (name == "fresh" && value.number > 0) fresh_ns = value.number;
  }
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return OpError{fmt::format("the `url` of {} is `{}`; it must begin with http:// or https://",
                               target.name, url)};
  }
  while (url.ends_with('/')) url.pop_back();
  PrometheusApi api(effects.http, std::move(url), timeout_ns);
  return std::unique_ptr<MetricSource>(
      std::make_unique<PrometheusSource>(std::move(api), fresh_ns));
}

std::vector<Reading> PrometheusSource::read(const plan::Plan& plan,
                                            const std::vector<plan::Term>& terms,
                                            const std::vector<std::optional<Subject>>& subjects) {
  const Result<double> now_s = api_.now_s();
  if (!now_s) return std::vector<Reading>(terms.size(), broken(now_s.error().message));
  std::vector<Question> questions;
  for (size_t i = 0; i < terms.size(); ++i)
    questions.push_back(question_for(plan, terms[i], subjects[i]));
  const Windows windows = ask(questions, *now_s);

  std::vector<Answer> answers;
  std::set<uint32_t> waiting;  // services of which some term has seen no scrape yet
  for (size_t i = 0; i < terms.size(); ++i) {
    std::optional<Reading> early;
    if (!questions[i].scraped.empty())
      early = not_scraped(terms[i], questions[i], *subjects[i], windows);
    answers.push_back(early ? Answer{std::move(*early), std::nullopt, true}
                            : answer(plan, terms[i], questions[i], windows));
    if (answers.back().waits) waiting.insert(plan.signals[terms[i].signal].service);
  }
  // Both arms of a comparison advance together: events that one reading skips are counted in the
  // next.
  std::vector<Reading> readings;
  for (size_t i = 0; i < terms.size(); ++i) {
    const plan::Signal& signal = plan.signals[terms[i].signal];
    Answer& one = answers[i];
    const bool counts = signal.evidence != plan::Evidence::Value;
    const bool held = counts && !one.waits && waiting.contains(signal.service);
    if (held && one.reading.status == Reading::Status::Ok)
      one = Answer{nothing_new("waits for the next scrape"), std::nullopt, true};
    if (one.next)
      memories_[{terms[i].signal, int(terms[i].role), terms[i].quantile_ppb}] =
          std::move(*one.next);
    readings.push_back(std::move(one.reading));
  }
  return readings;
}

PrometheusSource::Windows PrometheusSource::ask(const std::vector<Question>& questions, double now_s) {
  std::set<std::string> selectors;
  for (const Question& question : questions) {
    selectors.insert(question.selectors.begin(), question.selectors.end());
    if (!question.scraped.empty()) selectors.insert(question.scraped);
  }
  std::vector<Query> queries;
  for (const std::string& selector : selectors)
    queries.push_back({selector, std::max(fresh_ns_, eval::ns_per_ms), now_s});
  std::vector<Result<std::vector<Series>>> got = api_.ask(queries);
  Windows windows;
  size_t next = 0;
  for (const std::string& selector : selectors) windows.emplace(selector, std::move(got[next++]));
  return windows;
}

PrometheusSource::Question PrometheusSource::question_for(const plan::Plan& plan,
                                                          const plan::Term& term,
                                                          const std::optional<Subject>& subject) {
  const plan::Signal& signal = plan.signals[term.signal];
  Question question;
  const std::string by(argument(signal, "by", "track"));
  question.by = by;
  question.target_labels = {"job",     "instance", "service", "place",
                            "version", by,         std::string(set_label_name)};
  // A signal of another service is not about the instances of this one.
  const std::string& service = plan.services[signal.service].name;
  const bool own = argument(signal, "service", service) == service;
  const std::optional<Subject> whom = own ? subject : std::nullopt;
  if (whom && !whom->addresses.empty())
    question.scraped = scraped_selector(plan.services[signal.service]);
  std::vector<std::string> names;
  if (signal.method == "ratio")
    names = {std::string(argument(signal, "part")), std::string(argument(signal, "of"))};
  else if (signal.method == "histogram") names = {bucket_name(argument(signal, "name"))};
  else if (signal.method == "gauge" || signal.method == "seconds") names = {std::string(argument(signal, "name"))};
  else
    question.error = fmt::format(
        "Prometheus cannot measure `{}`; it measures ratio, histogram, gauge and seconds", signal.method);
  for (const std::string& name : names) {
    Result<std::string> selector =
        selector_for(plan.services[signal.service], signal, name, by, term.role, whom);
    if (!selector) {
      question.error = selector.error().message;
      break;
    }
    question.selectors.push_back(std::move(*selector));
  }
  if (!question.error.empty()) question.selectors.clear(), question.scraped.clear();
  return question;
}

std::string PrometheusSource::absent(const std::string& selector) const {
  return fmt::format("no sample of {} within the last {}", selector, seconds_text(fresh_ns_));
}

std::optional<Reading> PrometheusSource::not_scraped(const plan::Term& term,
                                                     const Question& question,
                                                     const Subject& subject,
                                                     const Windows& windows) {
  const Result<std::vector<Series>>& window = windows.at(question.scraped);
  if (!window) return broken(window.error().message);
  if (window->empty()) return std::nullopt;  // set up by hand, without the label
  const auto as_what = [](std::string_view instance, std::string_view set, std::string_view role) {
    return fmt::format("{}\x1f{}\x1f{}", instance, set, role);
  };
  const std::string_view role = term.role == plan::Role::All ? "" : plan::role_word(term.role);
  const std::set<std::string_view> addresses(subject.addresses.begin(), subject.addresses.end());
  const std::set<std::string_view> sets(subject.sets.begin(), subject.sets.end());
  // Only what is asked about is remembered: an answer may be of other instances each time.
  for (const Series& up : *window) {
    const std::string_view instance = up.label("instance"), set = up.label(set_label_name);
    const bool asked = addresses.contains(instance) && sets.contains(set);
    if (asked && (role.empty() || up.label(question.by) == role)) scraped_.insert(as_what(instance, set, role));
  }
  for (const std::string& address : subject.addresses) {
    const bool seen = std::any_of(
        subject.sets.begin(), subject.sets.end(),
        [&](const std::string& set) { return scraped_.contains(as_what(address, set, role)); });
    if (seen) continue;
    return no_data(fmt::format("Prometheus has not scraped {} as {}{} yet", address,
                               role.empty() ? "" : fmt::format("{} of ", role),
                               fmt::join(subject.sets, " or ")));
  }
  return std::nullopt;
}

PrometheusSource::Answer PrometheusSource::answer(const plan::Plan& plan, const plan::Term& term,
                                                  const Question& question,
                                                  const Windows& windows) {
  if (!question.error.empty()) return {broken(question.error), std::nullopt, false};
  for (const std::string& selector : question.selectors) {
    const Result<std::vector<Series>>& window = windows.at(selector);
    if (!window) return {broken(window.error().message), std::nullopt, false};
    if (window->empty()) return {no_data(absent(selector)), Memory{}, false};
  }
  const plan::Signal& signal = plan.signals[term.signal];
  const Memory& memory = memories_[{term.signal, int(term.role), term.quantile_ppb}];
  const std::vector<Series>& first = *windows.at(question.selectors.front());
  if (signal.method == "ratio")
    return read_ratio(question, memory, first, *windows.at(question.selectors.back()));
  if (signal.method == "histogram") return read_histogram(term, question, memory, first);
  return {read_gauge(signal, first), std::nullopt, false};
}

PrometheusSource::Answer PrometheusSource::read_ratio(const Question& question,
                                                      const Memory& memory,
                                                      const std::vector<Series>& part,
                                                      const std::vector<Series>& whole) {
  Memory next = memory;
  // The part is taken first: it asks which instances the whole had seen at the reading before.
  const Result<CounterWindow::Taken> bad =
      next.part.take(part, question.target_labels, &memory.whole);
  if (!bad) return {broken(bad.error().message), std::nullopt, false};
  const Result<CounterWindow::Taken> all = next.whole.take(whole, question.target_labels, nullptr);
  if (!all) return {broken(all.error().message), std::nullopt, false};
  if (all->first)
    return {no_data("the first reading gives only the starting point of the counters"),
            std::move(next), false};
  if (!all->advanced) return {nothing_new("no scrape since the previous reading"), std::nullopt, true};
  const double bad_events = sum(*bad), all_events = sum(*all);
  if (all_events > max_events || bad_events > max_events) {
    return {broken(fmt::format("{} counts {:.3g} events at once", question.selectors.back(),
                               all_events)),
            std::move(next), false};
  }
  if (bad_events > all_events) {
    return {broken(fmt::format(
                "{} counted {:.0f} events and {} only {:.0f}: a part cannot exceed its whole",
                question.selectors.front(), bad_events, question.selectors.back(), all_events)),
            std::move(next), false};
  }
  if (std::llround(all_events) == 0) {
    return {nothing_new(fmt::format("{} counted no request", question.selectors.back())),
            std::move(next), false};
  }
  Reading reading;
  reading.status = Reading::Status::Ok;
  reading.total = std::llround(all_events);
  reading.bad = std::llround(bad_events);
  reading.value = double(reading.bad) / double(reading.total) * double(eval::percent_all);
  return {std::move(reading), std::move(next), false};
}

PrometheusSource::Answer PrometheusSource::read_histogram(const plan::Term& term,
                                                          const Question& question,
                                                          const Memory& memory,
                                                          const std::vector<Series>& buckets) {
  Memory next = memory;
  const Result<CounterWindow::Taken> taken =
      next.whole.take(buckets, question.target_labels, nullptr);
  if (!taken) return {broken(taken.error().message), std::nullopt, false};
  if (taken->first)
    return {no_data("the first reading gives only the starting point of the buckets"),
            std::move(next), false};
  if (!taken->advanced)
    return {nothing_new("no scrape since the previous reading"), std::nullopt, true};
  std::map<double, double> counts;
  for (const CounterWindow::Increase& increase : taken->increases) {
    const std::optional<double> bound = bucket_bound(increase.series->label("le"));
    if (!bound)
      return {broken(fmt::format("a bucket of {} has no valid `le`", question.selectors.front())),
              std::move(next), false};
    counts[*bound] += increase.events;
  }
  const double total = counts.empty() ? 0 : counts.rbegin()->second;
  if (total < 1)
    return {nothing_new(fmt::format("{} counted nothing", question.selectors.front())),
            std::move(next), false};
  const Result<Quantile> quantile =
      quantile_of(counts, double(term.quantile_ppb) / double(eval::percent_all));
  if (!quantile) return {broken(quantile.error().message), std::move(next), false};
  Reading reading;
  reading.status = Reading::Status::Ok;
  reading.total = std::llround(total);
  reading.value = quantile->value * double(eval::ns_per_s);
  if (quantile->beyond)
    reading.detail = fmt::format("above the last bucket: at least {}s", quantile->value);
  return {std::move(reading), std::move(next), false};
}

Reading PrometheusSource::read_gauge(const plan::Signal& signal,
                                     const std::vector<Series>& series) {
  // Each instance reports one; the worst of them is the service's.
  std::set<std::string_view> instances;
  double worst = -INFINITY;
  for (const Series& one : series) {
    if (!instances.insert(one.label("instance")).second) {
      return broken(fmt::format(
          "{} gives several series for the instance {}: a gauge is one number an instance",
          argument(signal, "name"), quoted_of(one.label("instance"))));
    }
    const double value = one.samples.back().value;
    if (!std::isfinite(value))
      return no_data(
          fmt::format("{} is {} on {}", argument(signal, "name"), value, quoted_of(one.label("instance"))));
    if (signal.unit == eval::Value::Kind::Percent && value < -max_rounding) {
      return broken(fmt::format("{} is {} on {}: a share is a number between 0 and 1", argument(signal, "name"), value,
                                quoted_of(one.label("instance"))));
    }
    worst = std::max(worst, value);
  }
  Reading reading;
  reading.status = Reading::Status::Ok;
  reading.value = worst * unit_factor(signal);
  return reading;
}

}  // namespace rollout::metrics
