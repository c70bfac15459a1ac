// Timings: how long the phases of a command took, for `--timings`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/cli/command.h"

namespace rollout::cli {

class Timings {
 public:
  explicit Timings(const Context& context) : context_(context) {}
  Timings(const Timings&) = delete;
  Timings& operator=(const Timings&) = delete;
  /// Says them, on standard error: lines, or one line of JSON.
  ~Timings() {
    if (!context_.args.has("--timings")) return;
    std::string text;
    for (const auto& [phase, ms] : phases_)
      text += context_.json() ? fmt::format(R"({}{{"phase":"{}","ms":{:.3f}}})", text.empty() ? "" : ",", phase, ms)
                              : fmt::format("timing: {:<10} {:8.3f} ms\n", phase, ms);
    context_.env.err(context_.json() ? fmt::format("{{\"version\":1,\"timings\":[{}]}}\n", text) : text);
  }

  /// What was done since the last mark, or since the start, belongs to the phase.
  void mark(std::string_view phase) {
    auto now = Clock::now();
    double ms = std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
    for (auto& [known, sum] : phases_)
      if (known == phase) return void(sum += ms);
    phases_.emplace_back(phase, ms);
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Context& context_;
  std::vector<std::pair<std::string_view, double>> phases_;  ///< in the order of their first marks
  Clock::time_point last_ = Clock::now();
};

}  // namespace rollout::cli
