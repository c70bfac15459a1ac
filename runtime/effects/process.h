// Processes: programs that outlive us. Each is started with an argument vector (never a shell) in a
// session of its own, writes to a log file, inherits none of our descriptors, and is known by pid
// and start time, so that a recycled pid is never taken for it. A zombie is dead; our own are
// reaped when looked at.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

struct ProcessId {
  int pid = 0;
  uint64_t start_ticks =
      0;  ///< when it started, in clock ticks since boot (field 22 of /proc/PID/stat)

  auto operator<=>(const ProcessId&) const = default;
};

struct Launch {
  std::string program;                 ///< path; a bare name is searched in PATH
  std::vector<std::string> arguments;  ///< without the program itself
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
  std::string directory;                                         ///< working directory
  std::string log;  ///< file to which stdout and stderr are appended
};

struct Life {
  bool alive = false;
  std::string end;  ///< of our own children: `exited with code 3`, `was killed by signal 11
                    ///< (Segmentation fault)`
};

enum class Stop { Ask, Kill };  ///< SIGTERM, SIGKILL

class Processes {
 public:
  virtual ~Processes() = default;
  virtual Result<ProcessId> start(const Launch& launch) = 0;
  virtual Life look(ProcessId process) = 0;
  /// A process that is gone already is no error.
  virtual Status stop(ProcessId process, Stop how) = 0;
  /// Session leaders whose environment holds `variable=value`: what we started and then forgot.
  virtual std::vector<ProcessId> find(std::string_view variable, std::string_view value) = 0;
};

std::unique_ptr<Processes> posix_processes();

}  // namespace rollout::effects
