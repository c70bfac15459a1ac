// What holds a run back, as its State has it: an abort, which is never lifted, and systems that do not answer.
#pragma once

#include <cstdint>
#include <string>

namespace rollout::exec {

struct Abort {
  std::string by;
  std::string reason;
  bool replaced = false;  ///< a newer run takes its place
  bool rollback = false;  ///< the version was found bad
};

/// Since when calls to an endpoint come to nothing, on the run clock, and what the last one said then.
struct Away {
  int64_t since_ns = 0;
  std::string detail;
};

}  // namespace rollout::exec
