// The command line: one Env in, one exit code out. main() calls it with the real Env, tests with their own.
// Always true: nothing outside is touched but through the Env, and effects are made only by commands that need
// them, so that `check` pays neither for libcurl nor for the store.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/console.h"
#include "runtime/effects/effects.h"

namespace rollout::cli {

/// All that a command learns of its surroundings.
struct Env {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  std::function<std::optional<std::string>()> read_line;
  std::function<std::optional<std::string>(const char*)> variable;
  std::string directory;         ///< absolute: what relative paths of the command line begin at
  effects::Terminals terminals;
  /// Of the terminal that `out` writes to, as large as it is now.
  std::function<effects::ScreenSize()> screen = [] { return effects::ScreenSize(); };
  /// Made at the first call; from then on a first Ctrl-C is counted, not fatal.
  std::function<effects::Effects()> effects;
  std::function<int()> interrupts;       ///< requests to stop since `effects` was called
  std::function<int()> interrupt_code;   ///< 129, 130 or 143 once there was one, else 0
  /// Why output was lost (`No space left on device`); empty: all of it was written, or nobody reads on.
  std::function<std::string()> output_error = [] { return std::string(); };
};

/// One command, such as {"check", "shop.rollout"}; the result is the exit code.
int run(Env& env, const std::vector<std::string>& args);

/// The same in this process's own surroundings.
int run_process(const std::vector<std::string>& args);

}  // namespace rollout::cli
