// shop-load: client load at a fixed rate, counted. Open loop: request i is due at start + i / rate whatever the
// earlier ones do, and its latency counts from when it was due, so a slow server cannot hide by slowing the client.
// The report says how many requests were sent, how each version answered and what failed: no connection, no
// answer in time, or a 5xx. SIGTERM and SIGINT end the load with its report.
#include <httplib.h>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int connections = 32;
constexpr milliseconds time_out{3000};
constexpr milliseconds longest_nap{50};  // how late a worker may notice that the load is to end
constexpr size_t most_failures_listed = 20;

struct Options {
  std::string host, path, report;
  int rate = 100, seconds = 10;
};

/// How one version answered: requests by status.
using ByStatus = std::map<int, uint64_t>;

struct Report {
  uint64_t requests = 0, no_connection = 0, no_answer = 0, server_errors = 0;
  std::map<std::string, ByStatus> by_version;
  std::vector<double> latencies_ms;
  std::vector<std::string> failures;  ///< the first few, in words

  uint64_t failed() const { return no_connection + no_answer + server_errors; }

  void note_failure(double at_s, std::string_view what) {
    if (failures.size() < most_failures_listed) failures.push_back(fmt::format("{:.3f} s: {}", at_s, what));
  }

  void merge(Report&& other) {
    requests += other.requests, no_connection += other.no_connection;
    no_answer += other.no_answer, server_errors += other.server_errors;
    for (const auto& [version, statuses] : other.by_version)
      for (const auto& [status, count] : statuses) by_version[version][status] += count;
    latencies_ms.insert(latencies_ms.end(), other.latencies_ms.begin(), other.latencies_ms.end());
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
  }

  double quantile_ms(double q) const {
    return latencies_ms.empty() ? 0 : latencies_ms[size_t(q * double(latencies_ms.size() - 1))];
  }

  /// One field a line, so that a shell script can read it too.
  std::string json(double seconds) {
    std::sort(latencies_ms.begin(), latencies_ms.end());
    std::sort(failures.begin(), failures.end());
    std::string out = "{\n";
    out += fmt::format("\"seconds\": {:.1f},\n\"requests\": {},\n\"failed\": {},\n", seconds, requests, failed());
    out += fmt::format("\"no_connection\": {},\n\"no_answer\": {},\n\"server_errors\": {},\n", no_connection,
                       no_answer, server_errors);
    out += fmt::format("\"p50_ms\": {:.2f},\n\"p99_ms\": {:.2f},\n\"max_ms\": {:.2f},\n", quantile_ms(.5),
                       quantile_ms(.99), quantile_ms(1));
    out += "\"by_version\": {";
    const char* comma = "\n";
    for (const auto& [version, statuses] : by_version) {
      std::vector<std::string> fields;
      for (const auto& [status, count] : statuses) fields.push_back(fmt::format("\"{}\": {}", status, count));
      out += fmt::format("{}\"{}\": {{{}}}", std::exchange(comma, ",\n"), version, fmt::join(fields, ", "));
    }
    out += fmt::format("\n}},\n\"failures\": [{}{}{}]\n}}\n", failures.empty() ? "" : "\n\"",
                       fmt::join(failures, "\",\n\""), failures.empty() ? "" : "\"\n");
    return out;
  }

  /// `12000 requests in 30.0 s, none failed; 1.0: 200 × 6000; 1.1: 200 × 6000`
  std::string summary(double seconds) const {
    std::string out = fmt::format("{} requests in {:.1f} s, {} failed", requests, seconds,
                                  failed() == 0 ? "none" : fmt::to_string(failed()));
    for (const auto& [version, statuses] : by_version) {
      const char* separator = "; ";
      for (const auto& [status, count] : statuses)
        out += fmt::format("{}{}{} × {}", separator, *separator == ';' ? version + ": " : "", status, count),
            separator = ", ";
    }
    return out;
  }
};

/// What the workers share: the schedule, and the results once a worker ends.
struct Load {
  Options options;
  Clock::time_point start = Clock::now();
  std::atomic<uint64_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  Report report;

  uint64_t total() const { return uint64_t(options.rate) * uint64_t(options.seconds); }
  Clock::time_point due(uint64_t number) const {
    return start + std::chrono::nanoseconds(number * 1'000'000'000 / uint64_t(options.rate));
  }
  bool wait_until(Clock::time_point when) const {
    while (!stop && Clock::now() < when) std::this_thread::sleep_until(std::min(when, Clock::now() + longest_nap));
    return !stop;
  }
};

void send_one(httplib::Client& client, const Load& load, Clock::time_point due, Report& report) {
  const auto sent = Clock::now();
  const auto result = client.Get(load.options.path);
  const auto seconds = [&load](Clock::time_point t) { return std::chrono::duration<double>(t - load.start).count(); };
  ++report.requests;
  report.latencies_ms.push_back((seconds(Clock::now()) - seconds(due)) * 1000);
  if (!result) {
    const bool connected = result.error() != httplib::Error::Connection;
    ++(connected ? report.no_answer : report.no_connection);
    report.note_failure(seconds(sent), httplib::to_string(result.error()));
    return;
  }
  const std::string version = result->has_header("X-Version") ? result->get_header_value("X-Version") : "none";
  ++report.by_version[version][result->status];
  if (result->status < 500) return;
  ++report.server_errors;
  report.note_failure(seconds(sent), fmt::format("{} from version {}", result->status, version));
}

void run_worker(Load& load) {
  httplib::Client client(load.options.host);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(time_out);
  client.set_read_timeout(time_out);
  Report mine;
  for (uint64_t number = load.next++; number < load.total(); number = load.next++) {
    const auto due = load.due(number);
    if (!load.wait_until(due)) break;
    send_one(client, load, due, mine);
  }
  const std::lock_guard lock(load.mutex);
  load.report.merge(std::move(mine));
}

bool read_number(std::string_view text, int most, int& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ptr == text.data() + text.size() && number > 0 && number <= most;
}

bool read_options(int argc, char** argv, Options& options) {
  bool good = argc % 2 == 1;
  for (int i = 1; good && i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i], value = argv[i + 1];
    const size_t slash = value.find('/', std::string_view("http://").size());
    if (flag == "--url" && value.starts_with("http://") && slash != std::string_view::npos)
      options.host = value.substr(0, slash), options.path = value.substr(slash);
    else if (flag == "--report") options.report = value;
    else if (flag == "--rate") good = read_number(value, 100'000, options.rate);
    else if (flag == "--seconds") good = read_number(value, 3600, options.seconds);
    else good = false;
  }
  return good && !options.host.empty() && !options.report.empty();
}

/// Whole or not at all: whoever waits for the report never reads half of it.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::FILE* file = std::fopen(part.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return (std::fclose(file) == 0) && written && std::rename(part.c_str(), path.c_str()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  static Load load;
  if (!read_options(argc, argv, load.options)) {
    fmt::print(stderr, "usage: {} --url http://HOST:PORT/PATH --rate PER_SECOND --seconds N --report FILE\n", argv[0]);
    return 2;
  }
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::thread([stop_signals] {
    int signal = 0;
    sigwait(&stop_signals, &signal);
    load.stop = true;
  }).detach();

  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) threads.emplace_back([] { run_worker(load); });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - load.start).count();
  if (!write_whole(load.options.report, load.report.json(seconds))) {
    fmt::print(stderr, "shop-load: cannot write the report to {}\n", load.options.report);
    return 1;
  }
  fmt::print("{}\n", load.report.summary(seconds));
  return 0;
}
