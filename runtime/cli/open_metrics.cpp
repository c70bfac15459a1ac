#include "runtime/cli/open_metrics.h"

#include <fmt/format.h>

namespace rollout::cli {

namespace {

/// As the format asks for: a backslash, a quote and a line break are written out.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void OpenMetrics::family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
  out_ += fmt::format("# TYPE {} {}\n", name, type);
  if (!unit.empty()) out_ += fmt::format("# UNIT {} {}\n", name, unit);
  out_ += fmt::format("# HELP {} {}\n", name, escaped(help));
  name_ = fmt::format("{}{}", name, type == "counter" ? "_total" : "");
}

void OpenMetrics::sample(const Labels& labels, int64_t value) { write(labels, fmt::format("{}", value)); }

void OpenMetrics::seconds(const Labels& labels, int64_t ns) {
  constexpr int64_t ns_per_ms = 1'000'000, ms_per_s = 1000;
  int64_t ms = ns / ns_per_ms;
  write(labels, fmt::format("{}.{:03}", ms / ms_per_s, ms % ms_per_s));
}

void OpenMetrics::write(const Labels& labels, std::string_view value) {
  out_ += name_;
  for (size_t i = 0; i < labels.size(); ++i)
    out_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped(labels[i].second));
  out_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

std::string OpenMetrics::take() && { return std::move(out_) + "# EOF\n"; }

}  // namespace rollout::cli
