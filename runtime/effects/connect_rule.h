// ConnectRule: to which addresses no request is ever sent, whatever name led there. For curl_http.cpp, which asks for
// the address at hand, so that a name that changes its meaning is of no use.
#pragma once

#include <sys/socket.h>

#include <string>

namespace rollout::effects {

/// Why nothing connects to this address; empty: it may. Refused are link-local addresses and those at which clouds give
/// machines their credentials. `own`: the URL names this machine itself, so nothing else may be meant.
std::string why_not_connected(const sockaddr* address, size_t length, bool own);

}  // namespace rollout::effects
