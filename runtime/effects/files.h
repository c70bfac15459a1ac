// Files: small state files that survive a crash. A write is seen whole or not at all, and is on the
// disk when it returns. Only for what the runtime owns; sources are read by the command line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

/// Gives the lock back when it is destroyed; the kernel does so when the process ends, however it ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;
  /// Waits at most `wait_ns` until no other process holds the lock on this file, which is made if it is not there.
  /// Not recursive: who holds it already waits in vain.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, int64_t wait_ns) = 0;
  /// Adds to the end of a file that may be written by others too. Not durable. A pipe that is full is waited for a
  /// tenth of a second.
  virtual Status append(const std::string& path, std::string_view text) = 0;
  /// Nothing when there is no such file; an error when it is longer than `max_bytes`.
  virtual Result<std::optional<std::string>> read(const std::string& path, size_t max_bytes) = 0;
  /// Up to `max_bytes` from its end; empty when there is no such file.
  virtual std::string tail(const std::string& path, size_t max_bytes) = 0;
  /// Atomic and durable: temporary file, sync, rename, sync of the directory. A file that is there keeps its mode, and
  /// has to be one that may be written; a link is replaced.
  virtual Status write(const std::string& path, std::string_view bytes) = 0;
  /// With all parents.
  virtual Status make_directory(const std::string& path) = 0;
  /// A file that is not there is no error.
  virtual Status remove(const std::string& path) = 0;
  /// Names in byte order, without temporary files of `write`; empty when there is no such
  /// directory.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
};

std::unique_ptr<Files> posix_files();

}  // namespace rollout::effects
