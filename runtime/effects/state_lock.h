// StateLock: which processes use a state file, and which of them writes. Two locks in one file beside it, both of the
// open file, so that the kernel gives them back when a process ends, however it ends. For the SQLite store alone.
// Always true: one at a time has the turn to write; whoever is alone keeps all others out until it lets them in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

/// What a file system that other machines may write, too, is called: `NFS`. Its locks and its shared memory are not to
/// be relied on. Nothing: none that is known as such.
std::optional<std::string_view> network_file_system(const std::string& directory);

class StateLock {
 public:
  /// Opens or makes the file of the locks. Null: this process may not write there, so it can only read.
  static Result<std::unique_ptr<StateLock>> open(const std::string& path);

  /// Whether nobody else uses the state file now; then nobody comes in before `let_in`. Never waits.
  Result<bool> be_alone();
  /// Counts this process among the users, with others beside it. Waits for whoever is alone.
  Status let_in();

  /// Waits its turn to write, some seconds at most.
  Status take_turn();
  void end_turn();

  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  ~StateLock();

 private:
  StateLock(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Result<bool> lock(short kind, int at) const;
  Status wait_for(short kind, int at) const;

  int fd_;
  std::string path_;
};

/// Tells a process from the one that it was forked from, which keeps what it has opened.
class OwnProcess {
 public:
  OwnProcess();
  bool is_this() const;

 private:
  int forks_;
};

}  // namespace rollout::effects
