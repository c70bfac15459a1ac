// Prometheus' HTTP API: queries, and answers as series of samples. An answer that is partial, late,
// too long, about another time or not what the API promises is an error; nothing of it is used.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/http.h"

namespace rollout::metrics {

struct Sample {
  double time_s = 0;  ///< by the clock of the scrape
  double value = 0;   ///< may be NaN or infinite: Prometheus has such values
};

struct Series {
  std::vector<std::pair<std::string, std::string>> labels;  ///< in the order of the answer
  std::vector<Sample> samples;                              ///< oldest first

  std::string_view label(std::string_view name) const;
};

/// The raw samples of a selector in the window that ends at a moment.
struct Query {
  std::string selector;
  int64_t window_ns = 0;  ///< whole milliseconds, at least one
  double at_s = 0;
};

/// When the samples of an answer may be from. All times are Prometheus' own, so clocks that differ play no part; the
/// slack is for what rounds, and for a cache in front of it that moves a range to whole steps.
struct Asked {
  double from_s = -INFINITY, to_s = INFINITY;
};
inline constexpr double slack_s = 5;

class PrometheusApi {
 public:
  /// `url` has no trailing slash.
  PrometheusApi(effects::Http& http, std::string url, int64_t timeout_ns)
      : http_(http), url_(std::move(url)), timeout_ns_(timeout_ns) {}

  /// What time it is for Prometheus, seconds since 1970: the one clock of all its answers.
  Result<double> now_s();
  /// Several queries side by side. A sample that is not in its window is no answer, whatever its value.
  std::vector<Result<std::vector<Series>>> ask(const std::vector<Query>& queries);
  /// The values of `query` over [from, to], one each `step`.
  Result<std::vector<Series>> range(std::string_view query, double from_s, double to_s,
                                    double step_s);

 private:
  effects::HttpRequest request(std::string path) const;

  effects::Http& http_;
  std::string url_;
  int64_t timeout_ns_;
};

/// The series in an answer of `from`; a vector gives one sample each. For tests with hostile
/// answers too.
Result<std::vector<Series>> read_answer(std::string_view from, const Result<effects::HttpResponse>& answer,
                                        const Asked& asked = {});

}  // namespace rollout::metrics
