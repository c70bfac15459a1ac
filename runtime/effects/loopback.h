// Which hosts are this machine itself: only to them may a secret, or what a secret opens, travel without TLS.
#pragma once

#include <string_view>

namespace rollout::effects {

/// `host`: a name, an address without brackets, or the directory of a unix socket.
inline bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost" || host.starts_with('/');
}

}  // namespace rollout::effects
