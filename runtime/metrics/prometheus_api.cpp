#include "runtime/metrics/prometheus_api.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/base/visible.h"
#include "compiler/eval/value.h"

namespace rollout::metrics {
namespace {

using json::Node;

constexpr size_t max_series = 20'000;

OpError unusable(std::string_view from, std::string_view why) {
  return OpError{fmt::format("the answer of Prometheus at {} cannot be used: {}", from, why), true};
}

/// A number as Prometheus writes it: decimal, NaN, +Inf or -Inf. Nothing else.
std::optional<double> number(std::string_view text) {
  if (text == "NaN") return std::nan("");
  if (text == "+Inf" || text == "Inf") return INFINITY;
  if (text == "-Inf") return -INFINITY;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<Sample> sample_of(const Node& node) {
  if (!node.is(Node::Kind::Array) || node.items.size() != 2 ||
      !node.items[1].is(Node::Kind::String))
    return std::nullopt;
  const Node& time = node.items[0];
  if (!time.is(Node::Kind::Int) && !time.is(Node::Kind::Double)) return std::nullopt;
  const std::optional<double> value = number(node.items[1].string);
  if (!value) return std::nullopt;
  return Sample{time.as_double(), *value};
}

/// A matrix has `values` of each series, a vector one `value`. Who gives both says two things.
std::optional<Series> series_of(const Node& node, bool matrix) {
  const Node* metric = node.find("metric");
  if (!metric || !metric->is(Node::Kind::Object)) return std::nullopt;
  Series series;
  for (const auto& [name, value] : metric->fields) {
    if (!value.is(Node::Kind::String)) return std::nullopt;
    series.labels.emplace_back(name, value.string);
  }
  const Node* content = node.find(matrix ? "values" : "value");
  if (!content || node.find(matrix ? "value" : "values")) return std::nullopt;
  const std::span<const Node> one(content, 1);
  const std::span<const Node> pairs = matrix ? std::span<const Node>(content->items) : one;
  for (const Node& pair : pairs) {
    const std::optional<Sample> sample = sample_of(pair);
    if (!sample) return std::nullopt;
    if (!series.samples.empty() && sample->time_s <= series.samples.back().time_s)
      return std::nullopt;
    series.samples.push_back(*sample);
  }
  if (series.samples.empty()) return std::nullopt;
  return series;
}

Result<std::vector<Series>> series_in(std::string_view from, const Node& data) {
  const std::string_view type = data["resultType"].as_string();
  const Node& result = data["result"];
  if (type == "scalar") {
    const std::optional<Sample> sample = sample_of(result);
    if (!sample) return unusable(from, "its scalar is malformed");
    return std::vector<Series>{Series{{}, {*sample}}};
  }
  if (type != "vector" && type != "matrix")
    return unusable(from, fmt::format("its result type is `{}`", quoted_of(type)));
  if (!result.is(Node::Kind::Array)) return unusable(from, "it has no list of results");
  if (result.items.size() > max_series) {
    return unusable(
        from, fmt::format("it holds {} series, more than {}", result.items.size(), max_series));
  }
  std::vector<Series> out;
  for (const Node& item : result.items) {
    std::optional<Series> series = series_of(item, type == "matrix");
    if (!series) return unusable(from, "one of its series is malformed");
    out.push_back(std::move(*series));
  }
  return out;
}

/// A sample of another time says nothing of the one that was asked about.
Status check_times(std::string_view from, const std::vector<Series>& series, const Asked& asked) {
  for (const Series& one : series)
    for (const Sample& sample : one.samples)
      if (sample.time_s < asked.from_s - slack_s || sample.time_s > asked.to_s + slack_s)
        return unusable(from, fmt::format("a sample is of {}, and what was asked for lies between {:.3f} and "
                                          "{:.3f}, in seconds since 1970",
                                          sample.time_s, asked.from_s, asked.to_s));
  return Done{};
}

}  // namespace

std::string_view Series::label(std::string_view name) const {
  for (const auto& [key, value] : labels) {
    if (key == name) return value;
  }
  return {};
}

Result<std::vector<Series>> read_answer(std::string_view from, const Result<effects::HttpResponse>& answer,
                                        const Asked& asked) {
  if (!answer)
    return OpError{
        fmt::format("Prometheus at {} cannot be asked: {}", from, answer.error().message), true};
  const bool success = answer->status >= 200 && answer->status < 300;
  const Result<Node> root = json::parse(answer->body);
  if (!root || !root->is(Node::Kind::Object)) {
    return unusable(
        from, fmt::format("HTTP {} with {}, which is not the JSON of its API: `{}`; check `url`",
                          answer->status,
                          answer->content_type.empty() ? "no content type" : quoted_of(answer->content_type),
                          quoted_of(answer->body)));
  }
  if (json::has_twice(*root)) return unusable(from, "it has a field twice");
  if ((*root)["status"].as_string() != "success" || !success) {
    return unusable(from, fmt::format("HTTP {}, {}: {}", answer->status,
                                      quoted_of((*root)["errorType"].as_string("no error type")),
                                      quoted_of((*root)["error"].as_string("no message"))));
  }
  if (const Node* warnings = root->find("warnings"); warnings && !warnings->items.empty()) {
    return unusable(from, "it is partial: " + quoted_of(warnings->items[0].as_string("a warning")));
  }
  Result<std::vector<Series>> series = series_in(from, (*root)["data"]);
  if (!series) return series;
  if (Status there = check_times(from, *series, asked); !there) return there.error();
  return series;
}

effects::HttpRequest PrometheusApi::request(std::string path) const {
  effects::HttpRequest request;
  request.url = url_ + path;
  request.timeout_ns = timeout_ns_;
  return request;
}

Result<double> PrometheusApi::now_s() {
  const Result<std::vector<Series>> answer =
      read_answer(url_, http_.send(request("/api/v1/query?query=time()")));
  if (!answer) return answer.error();
  if (answer->size() != 1 || !std::isfinite((*answer)[0].samples[0].value))
    return unusable(url_, "time() is no time");
  return (*answer)[0].samples[0].value;
}

std::vector<Result<std::vector<Series>>> PrometheusApi::ask(const std::vector<Query>& queries) {
  std::vector<effects::HttpRequest> requests;
  for (const Query& query : queries) {
    const std::string text = fmt::format("{}[{}ms]", query.selector, query.window_ns / eval::ns_per_ms);
    requests.push_back(
        request(fmt::format("/api/v1/query?query={}&time={:.3f}", effects::url_encode(text), query.at_s)));
  }
  const std::vector<Result<effects::HttpResponse>> answers = http_.send_all(requests);
  std::vector<Result<std::vector<Series>>> out;
  for (size_t i = 0; i < queries.size(); ++i) {
    const double window_s = double(queries[i].window_ns) / double(eval::ns_per_s);
    out.push_back(read_answer(url_, answers[i], {queries[i].at_s - window_s, queries[i].at_s}));
  }
  return out;
}

Result<std::vector<Series>> PrometheusApi::range(std::string_view query, double from_s, double to_s,
                                                 double step_s) {
  const Result<effects::HttpResponse> answer =
      http_.send(request(fmt::format("/api/v1/query_range?query={}&start={:.3f}&end={:.3f}&step={:.3f}",
                                     effects::url_encode(query), from_s, to_s, step_s)));
  return read_answer(url_, answer, {from_s - step_s, to_s + step_s});
}

}  // namespace rollout::metrics
