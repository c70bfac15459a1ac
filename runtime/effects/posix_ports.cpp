#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/effects/ports.h"

namespace rollout::effects {
namespace {

constexpr int highest_port = 65535;

class PosixPorts : public Ports {
 public:
  bool is_free(int port) override {
    if (port <= 0 || port > highest_port) return false;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    // Old connections in TIME_WAIT do not keep a server from starting, a listener does.
    const int reuse = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(port));
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      listen(fd, 1) == 0;
    close(fd);
    return free;
  }
};

}  // namespace

std::unique_ptr<Ports> posix_ports() {
  return std::make_unique<PosixPorts>();
}

}  // namespace rollout::effects
