#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "runtime/effects/unix_socket.h"

namespace rollout::effects {
namespace {

constexpr int64_t ns_per_s = 1'000'000'000;
constexpr int64_t ns_per_ms = 1'000'000;

struct Connection {
  int fd = -1;
  ~Connection() {
    if (fd >= 0) close(fd);
  }
};

int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * ns_per_s + time.tv_nsec;
}

/// Waits until the socket is ready for `events`; false when the time is over.
bool wait_for(int fd, short events, int64_t deadline_ns) {
  while (true) {
    const int64_t left_ns = deadline_ns - now_ns();
    if (left_ns <= 0) return false;
    const timespec timeout{time_t(left_ns / ns_per_s), long(left_ns % ns_per_s)};
    pollfd socket{fd, events, 0};
    const int ready = ppoll(&socket, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

OpError connect_error(const std::string& path, int error) {
  if (error == ENOENT)
    return {
        fmt::format("there is no socket {}; start the server or correct the path", path),
        true};
  if (error == ECONNREFUSED)
    return {fmt::format("nobody listens on the socket {}: its server has ended; start it again", path), true};
  if (error == EACCES || error == EPERM) {
    return {fmt::format(
        "no permission to use the socket {}: run as a user that may write to it, or let the server "
        "give it to your group",
        path)};
  }
  return {fmt::format("cannot connect to the socket {}: {}", path, strerror(error)),
          error == EAGAIN};
}

class PosixUnixSocket : public UnixSocket {
 public:
  Result<std::string> ask(const std::string& path, std::string_view line, int64_t timeout_ns,
                          size_t max_bytes) override {
    const int64_t deadline_ns = now_ns() + timeout_ns;
    const OpError late{fmt::format("the socket {} gave no whole answer within {} ms", path,
                                   timeout_ns / ns_per_ms),
                       true};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      return OpError{
          fmt::format("the path of the socket {} is longer than {} bytes, the limit of the system",
                      path, sizeof address.sun_path - 1)};
    }
    memcpy(address.sun_path, path.data(), path.size());
    Connection connection{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (connection.fd < 0) return OpError{fmt::format("cannot make a socket: {}", strerror(errno))};
    if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return connect_error(path, errno);
    }
    const std::string request = std::string(line) + "\n";
    for (size_t sent = 0; sent < request.size();) {
      if (!wait_for(connection.fd, POLLOUT, deadline_ns)) return late;
      const ssize_t got =
          send(connection.fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (got < 0 && errno != EAGAIN && errno != EINTR) return broken(path, errno);
      if (got > 0) sent += size_t(got);
    }
    std::string answer;
    char buffer[16384];
    while (true) {
      if (!wait_for(connection.fd, POLLIN, deadline_ns)) return late;
      const ssize_t got = recv(connection.fd, buffer, sizeof buffer, 0);
      if (got == 0) return answer;
      if (got < 0 && errno != EAGAIN && errno != EINTR) return broken(path, errno);
      if (got > 0) answer.append(buffer, size_t(got));
      if (answer.size() > max_bytes)
        return OpError{fmt::format("the socket {} answers more than {} bytes", path, max_bytes)};
    }
  }

 private:
  static OpError broken(const std::string& path, int error) {
    return {fmt::format("the connection to the socket {} broke: {}", path, strerror(error)), true};
  }
};

}  // namespace

std::unique_ptr<UnixSocket> posix_unix_socket() {
  return std::make_unique<PosixUnixSocket>();
}

}  // namespace rollout::effects
