// Ports: which TCP ports of this machine are free to listen on.
#pragma once

#include <memory>

namespace rollout::effects {

class Ports {
 public:
  virtual ~Ports() = default;
  /// Whether nobody listens on `port` on any address. Only a hint: it may be taken a moment later.
  virtual bool is_free(int port) = 0;
};

std::unique_ptr<Ports> posix_ports();

}  // namespace rollout::effects
