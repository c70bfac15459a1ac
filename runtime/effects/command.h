// Commands: programs that are run to their end, such as the ssh client. Each is started with an argument vector (never
// a shell), reads nothing, and is killed with its whole process group when its time is over. What it wrote is kept up
// to a bound.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

struct CommandLine {
  std::string program;                 ///< path; a bare name is searched in PATH
  std::vector<std::string> arguments;  ///< without the program itself
  int64_t within_ns = 0;               ///< until it has ended
  size_t max_output_bytes = 0;         ///< of each of its two streams; the rest is dropped
};

struct CommandEnd {
  int code = 0;  ///< 128 and the signal where one has ended it
  std::string output, errors;
};

class Commands {
 public:
  virtual ~Commands() = default;
  /// An error where it could not be started, or had not ended in time.
  virtual Result<CommandEnd> run(const CommandLine& line) = 0;
};

std::unique_ptr<Commands> posix_commands();

}  // namespace rollout::effects
