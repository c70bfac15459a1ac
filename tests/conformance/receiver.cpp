#include "tests/conformance/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace rollout::test {

namespace {

constexpr int look_ms = 20;

bool readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, look_ms) > 0;
}

size_t length_of(const std::string& head) {
  size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

std::string Received::header(const std::string& name) const {
  size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

Receiver::Receiver(std::vector<int> statuses, std::string body, std::string headers)
    : statuses_(std::move(statuses)), body_(std::move(body)), headers_(std::move(headers)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bool bound = bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 16) == 0 &&
               getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  port_ = bound ? ntohs(address.sin_port) : 0;
  thread_ = std::thread([this] { serve(); });
}

Receiver::~Receiver() {
  over_ = true;
  thread_.join();
  close(listener_);
}

std::vector<Received> Receiver::received() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return received_;
}

void Receiver::serve() {
  while (!over_) {
    if (!readable(listener_)) continue;
    int connection = accept(listener_, nullptr, nullptr);
    if (connection >= 0) answer(connection);
  }
}

void Receiver::answer(int connection) {
  std::string text;
  char buffer[4096];
  size_t head = std::string::npos;
  while (!over_) {
    head = text.find("\r\n\r\n");
    if (head != std::string::npos && text.size() >= head + 4 + length_of(text.substr(0, head))) break;
    if (!readable(connection)) continue;
    ssize_t got = read(connection, buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, size_t(got));
  }
  int status = 0;
  if (head != std::string::npos) {
    std::lock_guard<std::mutex> lock(mutex_);
    status = statuses_[std::min(received_.size(), statuses_.size() - 1)];
    received_.push_back({text.substr(0, head + 2), text.substr(head + 4)});
  }
  while (status == 0 && !over_ && !readable(connection)) continue;  // until the sender gives up
  if (status != 0) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
                      std::to_string(body_.size()) + "\r\n" + headers_ + "Connection: close\r\n\r\n" + body_;
    [[maybe_unused]] ssize_t wrote = write(connection, out.data(), out.size());
  }
  close(connection);
}

}  // namespace rollout::test
