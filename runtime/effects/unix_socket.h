// UnixSocket: one question, one answer over a stream socket in the file system, as HAProxy's
// runtime API wants it: connect, send a line, read until the other side closes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

class UnixSocket {
 public:
  virtual ~UnixSocket() = default;
  /// `line` has no line break. The error says what stands in the way: no such file, nobody
  /// listening, no permission.
  virtual Result<std::string> ask(const std::string& path, std::string_view line,
                                  int64_t timeout_ns, size_t max_bytes) = 0;
};

std::unique_ptr<UnixSocket> posix_unix_socket();

}  // namespace rollout::effects
