// OpenMetrics: numbers as text that a monitoring system reads. For `metrics`. Format: OpenMetrics 1.0.0, text; what is
// written here is also in the older text format of Prometheus. Label values may hold any text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollout::cli {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class OpenMetrics {
 public:
  /// What follows belongs to it. `type`: `gauge` or `counter`; `unit`: `seconds`, the end of the name, or empty.
  void family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help);
  /// A sample of the last family: `_total` stands behind the name of a counter.
  void sample(const Labels& labels, int64_t value);
  /// The same, of time: in seconds.
  void seconds(const Labels& labels, int64_t ns);
  /// The whole text; nothing can be added to it.
  std::string take() &&;

 private:
  void write(const Labels& labels, std::string_view value);

  std::string out_, name_;
};

}  // namespace rollout::cli
