#include "tests/conformance/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
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

namespace {

/// Each status in turn, the last one for good.
std::function<Answer(const Received&)> in_turn(std::vector<int> statuses, std::string body, std::string headers) {
  return [=, next = size_t(0)](const Received&) mutable {
    return Answer{statuses[std::min(next++, statuses.size() - 1)], body, headers};
  };
}

bool send_all(int connection, const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) {
    ssize_t wrote = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (wrote <= 0) return false;
    sent += size_t(wrote);
  }
  return true;
}

void send_answer(int connection, const Answer& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n" + answer.headers + "Connection: close\r\n";
  if (!answer.endless) {
    send_all(connection, head + "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body);
    return;
  }
  char length[20];
  std::snprintf(length, sizeof length, "%zx\r\n", answer.body.size());
  const std::string chunk = length + answer.body + "\r\n";
  if (!send_all(connection, head + "Transfer-Encoding: chunked\r\n\r\n")) return;
  while (send_all(connection, chunk)) continue;
}

}  // namespace

Receiver::Receiver(std::vector<int> statuses, std::string body, std::string headers)
    : Receiver(in_turn(std::move(statuses), std::move(body), std::move(headers))) {}

Receiver::Receiver(std::function<Answer(const Received&)> answers) : answers_(std::move(answers)) {
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
  Answer answer{0, ""};
  if (head != std::string::npos) {
    const Received received{text.substr(0, head + 2), text.substr(head + 4)};
    answer = answers_(received);
    std::lock_guard<std::mutex> lock(mutex_);
    received_.push_back(received);
  }
  while (answer.status == 0 && !over_ && !readable(connection)) continue;  // until the sender gives up
  if (answer.status != 0) send_answer(connection, answer);
  close(connection);
}

}  // namespace rollout::test
