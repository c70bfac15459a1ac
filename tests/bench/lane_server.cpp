#include "tests/bench/lane_server.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <map>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace rollout::bench {

namespace {

constexpr int most_events = 64;
constexpr size_t most_request = 4096;

/// Port 0 asks for any that is free.
int listen_anywhere(int& port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bool listens = bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, SOMAXCONN) == 0 &&
                 getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  port = ntohs(address.sin_port);
  return listens ? listener : -1;
}

void watch(int epoll, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

/// One request in one read: those who ask wait for the answer. `POST /7 HTTP/1.1` sets, anything else reads.
bool answer(int connection, std::string& value) {
  char text[most_request];
  ssize_t size = read(connection, text, sizeof text);
  if (size <= 0) return false;
  std::string_view request(text, size_t(size));
  if (request.starts_with("POST /")) value = request.substr(6, request.find(' ', 6) - 6);
  std::string reply = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", value.size(), value);
  return write(connection, reply.data(), reply.size()) == ssize_t(reply.size());
}

[[noreturn]] void serve(const std::vector<int>& listeners) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int epoll = epoll_create1(0);
  std::map<int, size_t> lane_of;  // by socket, of listeners as well
  std::vector<std::string> values(listeners.size(), "0");
  for (size_t lane = 0; lane < listeners.size(); ++lane) {
    lane_of[listeners[lane]] = lane;
    watch(epoll, listeners[lane]);
  }
  epoll_event events[most_events];
  while (true) {
    int count = epoll_wait(epoll, events, most_events, -1);
    for (int i = 0; i < count; ++i) {
      int socket = events[i].data.fd;
      size_t lane = lane_of[socket];
      if (socket != listeners[lane]) {
        if (answer(socket, values[lane])) continue;
        lane_of.erase(socket);
        close(socket);
        continue;
      }
      int connection = accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
      int on = 1;
      setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      lane_of[connection] = lane;
      watch(epoll, connection);
    }
  }
}

}  // namespace

Result<LaneServer> LaneServer::start() {
  LaneServer server;
  std::vector<int> listeners;
  for (int lane = 0; lane < lane_count; ++lane) {
    int port = 0;
    listeners.push_back(listen_anywhere(port));
    server.ports_.push_back(port);
    if (listeners.back() < 0) return OpError{"no port of this machine is free to listen on"};
  }
  server.child_ = fork();
  if (server.child_ == 0) serve(listeners);
  for (int listener : listeners) close(listener);
  if (server.child_ < 0) return OpError{"the server of the benchmark could not be forked"};
  return server;
}

LaneServer::LaneServer(LaneServer&& other) noexcept : child_(std::exchange(other.child_, -1)), ports_(other.ports_) {}

LaneServer::~LaneServer() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

std::string LaneServer::url(int lane) const { return fmt::format("http://127.0.0.1:{}/", port(lane)); }

}  // namespace rollout::bench
