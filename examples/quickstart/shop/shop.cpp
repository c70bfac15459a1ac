// The example shop: a small HTTP service that can be released, measured and drained; built once per version.
//   GET /checkout  the page, with X-Version     GET /healthz  200, or 503 once it is draining
//   GET /metrics   Prometheus text
// SIGTERM drains: healthz turns 503, requests are still answered until none has come for a moment, then exit 0.
#include <httplib.h>

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "examples/quickstart/shop/version.h"

namespace shop {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int workers = 32;
constexpr milliseconds quiet_before_exit{200};
constexpr milliseconds drain_limit{5000};
constexpr time_t keep_alive_limit_s = 60;
constexpr size_t keep_alive_requests = 1'000'000'000;
constexpr int work_steps = 4;  // a page takes 1 … 4 ms

constexpr std::array<double, 10> bucket_bounds_s{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1};

/// What one instance has seen; written by the workers, read by /metrics and by the drain.
struct Counters {
  std::atomic<uint64_t> requests{0}, errors{0}, nanoseconds{0};
  std::atomic<int> in_flight{0};
  std::atomic<Clock::rep> last_request{0};
  std::array<std::atomic<uint64_t>, bucket_bounds_s.size() + 1> buckets{};

  void record(Clock::duration took, bool failed) {
    const double seconds = std::chrono::duration<double>(took).count();
    size_t bucket = 0;
    while (bucket < bucket_bounds_s.size() && seconds > bucket_bounds_s[bucket]) ++bucket;
    ++buckets[bucket];
    nanoseconds += uint64_t(std::chrono::nanoseconds(took).count());
    ++requests;
    errors += failed;
  }

  std::string text() const {
    std::string out;
    const auto line = [&out](std::string_view name, std::string_view type, auto value) {
      out += fmt::format("# TYPE {0} {1}\n{0} {2}\n", name, type, value);
    };
    const uint64_t failed = errors, all = requests;  // in this order: never more failures than requests
    line("shop_requests_total", "counter", all);
    line("shop_errors_total", "counter", failed);
    line("shop_answered_total", "counter", all - failed);
    line("shop_saturation_ratio", "gauge", double(in_flight) / workers);
    out += "# TYPE shop_request_seconds histogram\n";
    uint64_t below = 0;
    for (size_t i = 0; i < buckets.size(); ++i) {
      below += buckets[i];
      const std::string bound = i < bucket_bounds_s.size() ? fmt::format("{}", bucket_bounds_s[i]) : "+Inf";
      out += fmt::format("shop_request_seconds_bucket{{le=\"{}\"}} {}\n", bound, below);
    }
    out += fmt::format("shop_request_seconds_sum {}\n", double(nanoseconds) / 1e9);
    return out + fmt::format("shop_request_seconds_count {}\n", below);
  }
};

/// Stands in for the database: waiting, not computing, so that many instances share a small machine.
void work(uint64_t number) { std::this_thread::sleep_for(milliseconds(1 + number % work_steps)); }

void checkout(Counters& counters, std::atomic<uint64_t>& next, bool draining, httplib::Response& response) {
  const auto start = Clock::now();
  counters.last_request = start.time_since_epoch().count();
  ++counters.in_flight;
  const uint64_t number = ++next;
  work(number);
  const bool fails = error_every > 0 && number % error_every == 0;
  response.status = fails ? 500 : 200;
  response.set_header("X-Version", version);
  if (draining) response.set_header("Connection", "close");
  response.set_content(fails ? "the payment service did not answer\n" : fmt::format("checkout, shop {}\n", version),
                       "text/plain");
  counters.record(Clock::now() - start, fails);
}

/// Until no request has come for a moment. While traffic still comes, it is served: the health check has said
/// 503 meanwhile, so a router that watches it sends no more.
void drain(const Counters& counters) {
  const auto give_up = Clock::now() + drain_limit;
  const auto quiet_since = [&] { return Clock::time_point(Clock::duration(counters.last_request)); };
  const auto begun = Clock::now();
  while (Clock::now() < give_up) {
    const auto since = std::max(begun, quiet_since());
    if (counters.in_flight == 0 && Clock::now() - since >= quiet_before_exit) return;
    std::this_thread::sleep_for(milliseconds(10));
  }
}

int serve(int port) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);  // before any thread: only sigwait below takes them

  static Counters counters;  // static: the workers may still look at them while the process exits
  static std::atomic<uint64_t> next{0};
  static std::atomic<bool> draining{false};
  static httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(workers); };
  server.set_keep_alive_timeout(keep_alive_limit_s);
  server.set_keep_alive_max_count(keep_alive_requests);
  server.set_tcp_nodelay(true);
  // The library's own choice is SO_REUSEPORT, which lets two shops share a port without a word.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.Get("/checkout", [](const httplib::Request&, httplib::Response& response) {
    checkout(counters, next, draining, response);
  });
  // The library logs a request when all of its answer is written, or could not be: until then it is in flight.
  server.set_logger([](const httplib::Request& request, const httplib::Response&) {
    if (request.path != "/checkout" || (request.method != "GET" && request.method != "HEAD")) return;
    counters.last_request = Clock::now().time_since_epoch().count();
    --counters.in_flight;
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.status = draining ? 503 : 200;
    response.set_content(draining ? "draining\n" : "ok\n", "text/plain");
  });
  server.Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(counters.text(), "text/plain; version=0.0.4");
  });

  if (!server.bind_to_port("127.0.0.1", port)) {
    fmt::print(stderr, "shop {}: cannot listen on 127.0.0.1:{}; is the port in use?\n", version, port);
    return 1;
  }
  std::thread([] { server.listen_after_bind(); }).detach();
  fmt::print(stderr, "shop {}: serving on 127.0.0.1:{}\n", version, port);

  int signal = 0;
  sigwait(&stop_signals, &signal);
  draining = true;
  drain(counters);
  fmt::print(stderr, "shop {}: drained after {} requests\n", version, counters.requests.load());
  std::fflush(stderr);
  std::_Exit(0);  // idle keep-alive connections would hold the library's own shutdown for their whole time-out
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) {
  int port = 0;
  const std::string_view flag = argc == 3 ? argv[1] : "", text = argc == 3 ? argv[2] : "";
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (flag != "--port" || parsed.ptr != text.data() + text.size() || port < 1 || port > 65535) {
    fmt::print(stderr, "usage: {} --port N\n", argv[0]);
    return 2;
  }
  return shop::serve(port);
}
