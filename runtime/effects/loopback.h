// Which hosts are this machine itself: only to them may a secret, or what a secret opens, travel without TLS.
#pragma once

#include <string_view>

namespace rollout::effects {

/// `host`: a name, an address without brackets, or the directory of a unix socket.
inline bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost" || host.starts_with('/');
}

/// The host of a URL, without port and brackets; empty where there is none.
inline std::string_view host_of(std::string_view url) {
  size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  std::string_view rest = url.substr(begin + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.find('@') == std::string_view::npos ? 0 : rest.find('@') + 1);
  if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
  return rest.substr(0, rest.find(':'));
}

/// The scheme, host and port of a URL as they are written: `https://ghcr.io`; empty where there is no scheme.
inline std::string_view origin_of(std::string_view url) {
  size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", begin + 3));
}

/// Whether what is sent to the URL is read by nobody on the way.
inline bool is_private(std::string_view url) { return url.starts_with("https://") || is_this_machine(host_of(url)); }

}  // namespace rollout::effects
