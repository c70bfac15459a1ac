// wire PORT: a network of one wire to that port of this machine, from a port of its own, which it writes. SIGUSR1: from
// now on packets are lost, and nobody is told. SIGUSR2: all connections are reset, and so is each new one. SIGHUP: it
// carries again, also what was lost, as TCP sends that again. Until SIGTERM.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

enum class Wire { Carries, Loses, Resets };

struct Connection {
  int ends[2];
  bool is_open = true;
};

void reset(int socket_of) {
  linger at_once{1, 0};
  setsockopt(socket_of, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(socket_of);
}

void reset(Connection& connection) {
  for (int end : connection.ends) reset(end);
  connection.is_open = false;
}

/// What one end has sent goes to the other; an end that is gone takes the other one with it.
void carry(Connection& connection, int from) {
  char buffer[65536];
  ssize_t got = read(connection.ends[from], buffer, sizeof buffer);
  for (ssize_t at = 0; at < got;) {
    ssize_t wrote = send(connection.ends[1 - from], buffer + at, size_t(got - at), MSG_NOSIGNAL);
    if (wrote <= 0) got = -1;
    else at += wrote;
  }
  if (got <= 0) reset(connection);
}

sockaddr_in place(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(uint16_t(port));
  return address;
}

void join(int listener, int port, Wire wire, std::vector<Connection>& all) {
  int near = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (near < 0) return;
  if (wire == Wire::Resets) return reset(near);
  int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in server = place(port);
  all.push_back({{near, far}});
  if (connect(far, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) reset(all.back());
}

/// A wire that loses looks at signals alone: what is sent meanwhile waits in the kernel, unanswered.
void carry_on(int listener, int signals, int port) {
  Wire wire = Wire::Carries;
  std::vector<Connection> all;
  while (true) {
    std::vector<pollfd> watched = {{signals, POLLIN, 0}};
    if (wire != Wire::Loses) watched.push_back({listener, POLLIN, 0});
    if (wire == Wire::Carries)
      for (const Connection& one : all)
        for (int end : one.ends) watched.push_back({end, POLLIN, 0});
    const size_t count = wire == Wire::Carries ? all.size() : 0;
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    for (size_t i = 0; i < count * 2; ++i)
      if (watched[2 + i].revents != 0 && all[i / 2].is_open) carry(all[i / 2], int(i % 2));
    if (wire != Wire::Loses && watched[1].revents != 0) join(listener, port, wire, all);
    signalfd_siginfo told{};
    if (watched[0].revents != 0 && read(signals, &told, sizeof told) == sizeof told) {
      wire = told.ssi_signo == SIGUSR1 ? Wire::Loses : told.ssi_signo == SIGUSR2 ? Wire::Resets : Wire::Carries;
      for (Connection& one : all)
        if (wire == Wire::Resets && one.is_open) reset(one);
      std::puts(wire == Wire::Loses ? "loses" : wire == Wire::Resets ? "resets" : "carries");
    }
    std::erase_if(all, [](const Connection& one) { return !one.is_open; });
  }
}

}  // namespace

int main(int argc, char** argv) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = place(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  sigset_t told;
  sigemptyset(&told);
  for (int signal : {SIGUSR1, SIGUSR2, SIGHUP}) sigaddset(&told, signal);
  sigprocmask(SIG_BLOCK, &told, nullptr);
  int signals = signalfd(-1, &told, SFD_CLOEXEC);
  int port = 0;
  if (argc == 2) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
  if (port == 0 || signals < 0 || bind(listener, any, size) != 0 || listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, any, &size) != 0) {
    std::perror("wire");
    return 1;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  std::printf("%d\n", ntohs(address.sin_port));
  carry_on(listener, signals, port);
}
