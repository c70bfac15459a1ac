// Timings: how long the phases of a command took, for `--timings`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "runtime/cli/command.h"

namespace rollout::cli {

class Timings {
 public:
  explicit Timings(const Context& context) : context_(context), wanted_(context.args.has("--timings")) {}

  /// The phase that began at the last mark, or at the start, ends here.
  void mark(std::string_view phase) {
    if (!wanted_) return;
    auto now = std::chrono::steady_clock::now();
    double ms = std::chrono::duration<double, std::milli>(now - last_).count();
    context_.env.err(fmt::format("timing: {:<10} {:8.3f} ms\n", phase, ms));
    last_ = std::chrono::steady_clock::now();
  }

 private:
  const Context& context_;
  bool wanted_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace rollout::cli
