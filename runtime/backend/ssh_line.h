// SshLine: the argument vector of one call of the ssh client. For SshBackend and its tests. Always true: nothing of a
// plan becomes an option, and each argument reaches the program on the host as it is: the shell there sees single
// quotes only.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/command.h"

namespace rollout::backend {

inline constexpr size_t max_answer_bytes = size_t{64} << 10;
inline constexpr size_t max_argument_bytes = 1024;

struct SshHost {
  std::string user, host;
  int64_t port = 22;
  std::string identity, known_hosts;  ///< files
  std::string agent;                  ///< the program on the host
  int64_t timeout_ns = 0;             ///< of one call
};

/// `'it'\''s'`: one word for a POSIX shell.
std::string quoted(std::string_view word);

/// Refuses names that a client could take for something else, and arguments that are no line of text.
Result<effects::CommandLine> ssh_line(const SshHost& host, const std::vector<std::string>& words);

}  // namespace rollout::backend
