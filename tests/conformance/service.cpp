// A small HTTP service for the tests: /healthz, /metrics (the text of a file), /slow (answers
// late), all else its version. Flags make it misbehave as real services do.
//   --port N --version V [--metrics FILE] [--die] [--die-if FILE] [--never-ready] [--ignore-term] [--slow-ms N]
//   [--first-thread-ends]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace {

struct Options {
  int port = 0;
  std::string version, metrics, die_if;
  bool die = false, never_ready = false, ignore_term = false, first_thread_ends = false;
  int slow_ms = 1000;
};

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void answer(int connection, const Options& options) {
  std::string request;
  char buffer[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = read(connection, buffer, sizeof buffer);
    if (got <= 0) break;
    request.append(buffer, size_t(got));
  }
  int status = 200;
  std::string body = options.version;
  if (request.starts_with("GET /healthz ")) {
    status = options.never_ready ? 503 : 200;
    body = "health";
  } else if (request.starts_with("GET /metrics ")) {
    body = read_file(options.metrics);
  } else if (request.starts_with("GET /slow ")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(options.slow_ms));
  }
  const std::string head =
      "HTTP/1.1 " + std::to_string(status) +
      " X\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n";
  const std::string text = head + body;
  [[maybe_unused]] const ssize_t wrote = write(connection, text.data(), text.size());
  close(connection);
}

}  // namespace

int main(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto next = [&] { return std::string(i + 1 < count ? words[++i] : ""); };
    if (word == "--port") options.port = number(next());
    else if (word == "--version") options.version = next();
    else if (word == "--metrics") options.metrics = next();
    else if (word == "--die") options.die = true;
    else if (word == "--die-if") options.die_if = next();
    else if (word == "--never-ready") options.never_ready = true;
    else if (word == "--ignore-term") options.ignore_term = true;
    else if (word == "--first-thread-ends") options.first_thread_ends = true;
    else if (word == "--slow-ms") options.slow_ms = number(next());
  }
  if (options.version == "dies") options.die = true;
  if (!options.die_if.empty() && access(options.die_if.c_str(), F_OK) == 0) options.die = true;
  if (options.version == "hangs") options.never_ready = true;
  if (options.die) {
    std::fprintf(stderr, "cannot read the price list\n");
    return 3;
  }
  if (options.ignore_term) signal(SIGTERM, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int reuse = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(options.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 128) != 0) {
    std::fprintf(stderr, "cannot listen on port %d: %s\n", options.port, std::strerror(errno));
    return 4;
  }
  const auto serve = [&] {
    while (true) {
      const int connection = accept(listener, nullptr, nullptr);
      if (connection < 0) continue;
      std::thread(answer, connection, std::cref(options)).detach();
    }
  };
  if (options.first_thread_ends) {
    std::thread(serve).detach();
    pthread_exit(nullptr);
  }
  serve();
}
