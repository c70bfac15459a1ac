// Twenty small HTTP servers in one child process, on ports that were free: each keeps one number, as a router keeps a
// weight. Every answer carries it. For the benchmarks of durable steps, which would otherwise measure a server.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::bench {

inline constexpr int lane_count = 20;

class LaneServer {
 public:
  /// Listens when it returns.
  static Result<LaneServer> start();
  LaneServer(LaneServer&& other) noexcept;
  LaneServer& operator=(LaneServer&&) = delete;
  ~LaneServer();

  int port(int lane) const { return ports_[size_t(lane)]; }
  /// `POST` of it sets the number of the lane to `value`, `GET` of it without one reads it.
  std::string url(int lane) const;

 private:
  LaneServer() = default;
  pid_t child_ = -1;
  std::vector<int> ports_;
};

}  // namespace rollout::bench
