// HAProxy's runtime API: the few commands that we use, their answers as data. Reads back what
// HAProxy says, guesses nothing. An answer to a command that sets something is a refusal and is
// quoted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/unix_socket.h"

namespace rollout::backend {

/// One server slot of a backend section.
struct Slot {
  std::string name;     ///< `shop3`
  std::string address;  ///< `127.0.0.1:8003`
  int weight = 0;
  bool running = false;   ///< not DOWN by HAProxy's own check
  bool draining = false;  ///< takes no new requests, finishes old ones
  bool disabled = false;  ///< maintenance: serves nothing
  int64_t sessions = 0;   ///< requests under way or queued

  bool accepts() const { return !draining && !disabled; }
};

struct SlotTable {
  int64_t pid =
      0;  ///< of the HAProxy process; another one: it was reloaded, and has forgotten what was set
  std::vector<Slot> slots;

  const Slot* at(std::string_view address) const;
};

class HaproxyApi {
 public:
  HaproxyApi(effects::UnixSocket& socket, std::string path, int64_t timeout_ns)
      : socket_(socket), path_(std::move(path)), timeout_ns_(timeout_ns) {}

  /// The error for a section that is not there lists those that are.
  Result<SlotTable> read(const std::string& section);
  /// What stands in a map file that HAProxy has loaded, as keys and values.
  Result<std::vector<std::pair<std::string, std::string>>> map(const std::string& file);
  /// Runs commands in order, as few connections as possible. Any answer is an error that quotes it.
  Status set(const std::vector<std::string>& commands);
  /// Like `set` for commands that answer also when they succeed; read back what they did.
  Status tell(const std::vector<std::string>& commands);

 private:
  Result<std::string> ask(std::string_view line);
  Result<std::string> run(const std::vector<std::string>& commands);
  OpError no_section(const std::string& section);
  OpError no_permission(std::string_view level) const;

  effects::UnixSocket& socket_;
  std::string path_;
  int64_t timeout_ns_;
};

}  // namespace rollout::backend
