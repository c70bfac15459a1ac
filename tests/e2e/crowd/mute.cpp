// mute: a source of metrics that says what time it is, which is all that is asked of it before a release begins, until
// SIGUSR1. From then on it takes each connection and is silent. Writes its port, then a line for each that it keeps
// waiting. Until SIGTERM.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>

namespace {

volatile std::sig_atomic_t silent = 0;

void answer(int connection) {
  char text[4096];
  if (read(connection, text, sizeof text) <= 0) return;
  long now = long(std::time(nullptr));
  char body[256];
  int length = std::snprintf(body, sizeof body,
                             R"({"status":"success","data":{"resultType":"scalar","result":[%ld,"%ld"]}})", now, now);
  dprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n"
          "\r\n%s", length, body);
}

}  // namespace

int main() {
  struct sigaction be_silent {};
  be_silent.sa_handler = [](int) { silent = 1; };
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* place = reinterpret_cast<sockaddr*>(&address);
  if (sigaction(SIGUSR1, &be_silent, nullptr) != 0 || bind(listener, place, size) != 0 ||
      listen(listener, SOMAXCONN) != 0 || getsockname(listener, place, &size) != 0) {
    std::perror("mute");
    return 1;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  std::printf("%d\n", ntohs(address.sin_port));
  while (true) {
    int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) continue;  // the signal came
    if (silent) {
      std::puts("waits");
      continue;
    }
    answer(connection);
    close(connection);
  }
}
