#include "compiler/base/witness.h"

#include <fmt/format.h>

namespace rollout {

namespace {

constexpr size_t max_moments = 8;  // before the middle is left out
constexpr int64_t ns_per_s = 1'000'000'000;

/// `00:15`, `1:30:00` from an hour on.
std::string clock_text(int64_t ns) {
  int64_t s = ns / ns_per_s;
  if (s < 3600) return fmt::format("{:02}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

std::string path_text(const std::vector<Moment>& path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path.size() > max_moments && i == max_moments / 2) {
      out += fmt::format(" → … {} more", path.size() - max_moments);
      i += path.size() - max_moments;
    }
    const Moment& moment = path[i];
    out += fmt::format("{}{} {}", i ? " → " : "", clock_text(moment.at_ns), moment.text);
    if (!moment.outcome.empty()) out += ": " + moment.outcome;
  }
  return out;
}

}  // namespace rollout
