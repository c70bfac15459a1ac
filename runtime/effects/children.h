// Children: this program again, as processes that share our output and are asked to stop when we are gone, however we
// went. For those that look after several runs at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

struct ChildEnd {
  int pid = 0;
  int code = 0;  ///< 128 and the signal where one has ended it
};

/// Tight: a thread keeps no freed memory for itself, which for one that sleeps is more than all it knows.
enum class Heap { Usual, Tight };

class Children {
 public:
  virtual ~Children() = default;
  /// Its process id. `words`: the command line without the program.
  virtual Result<int> start(const std::vector<std::string>& words, Heap heap = Heap::Usual) = 0;
  /// Those that have ended since this was asked last.
  virtual std::vector<ChildEnd> ended() = 0;
  /// As SIGTERM does.
  virtual void ask_to_stop(int pid) = 0;
  /// As SIGKILL does.
  virtual void end(int pid) = 0;
};

std::unique_ptr<Children> posix_children();

/// What this process was told of its own heap is not passed on to what it starts. Before it has threads.
void keep_heap_setting();

/// Lets this process have as many files and connections open as it may at all; how many these are.
int64_t allow_many_files();

}  // namespace rollout::effects
