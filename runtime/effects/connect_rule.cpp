#include "runtime/effects/connect_rule.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace rollout::effects {
namespace {

using Bytes4 = std::array<uint8_t, 4>;
using Bytes16 = std::array<uint8_t, 16>;

/// At which clouds tell a machine its credentials: Alibaba, Azure. The others' are link-local.
constexpr std::array<Bytes4, 2> metadata_4 = {{{100, 100, 100, 200}, {168, 63, 129, 16}}};
/// That of Amazon, `fd00:ec2::254`, and of Google, `fd20:ce::254`.
constexpr std::array<Bytes16, 2> metadata_16 = {
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}}};
constexpr Bytes16 loopback_16 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

struct Prefix {
  std::array<uint8_t, 12> bytes;
  size_t length;
  size_t at;  ///< where the four bytes begin
};
/// Ways to write an IPv4 address as an IPv6 one: mapped, by NAT64, by 6to4.
constexpr std::array<Prefix, 3> carriers = {{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12},
                                             {{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 12},
                                             {{0x20, 0x02}, 2, 2}}};

std::optional<Bytes4> carried_by(const Bytes16& address) {
  for (const Prefix& carrier : carriers) {
    if (std::memcmp(address.data(), carrier.bytes.data(), carrier.length) != 0) continue;
    Bytes4 inner;
    std::memcpy(inner.data(), address.data() + carrier.at, inner.size());
    return inner;
  }
  return std::nullopt;
}

struct Kind {
  bool loopback = false, forbidden = false;
};

Kind kind_of(const Bytes4& address) {
  Kind kind;
  kind.loopback = address[0] == 127;
  kind.forbidden = address[0] == 169 && address[1] == 254;
  for (const Bytes4& one : metadata_4) kind.forbidden |= address == one;
  return kind;
}

Kind kind_of(const Bytes16& address) {
  if (const std::optional<Bytes4> inner = carried_by(address)) return kind_of(*inner);
  Kind kind;
  kind.loopback = address == loopback_16;
  kind.forbidden = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  for (const Bytes16& one : metadata_16) kind.forbidden |= address == one;
  return kind;
}

}  // namespace

std::string why_not_connected(const sockaddr* address, size_t length, bool own) {
  if (address->sa_family == AF_UNIX) return {};
  char text[INET6_ADDRSTRLEN] = "?";
  Kind kind;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    Bytes4 bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    kind = kind_of(bytes);
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    Bytes16 bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    kind = kind_of(bytes);
  } else {
    return fmt::format("it leads to an address of the unknown family {}", address->sa_family);
  }
  if (kind.forbidden)
    return fmt::format("it leads to {}, where networks and clouds keep what is theirs; no request goes there", text);
  if (own && !kind.loopback) return fmt::format("its name means this machine, and leads to {}", text);
  return {};
}

}  // namespace rollout::effects
