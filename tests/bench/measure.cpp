#include "tests/bench/measure.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

extern char** environ;

namespace rollout::bench {

namespace {

double ms_of(const timeval& time) { return double(time.tv_sec) * 1e3 + double(time.tv_usec) / 1e3; }

Sample median_of(const std::vector<Sample>& samples) {
  auto median_by = [&](double Sample::*field) {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(sample.*field);
    return median(std::move(values));
  };
  return {median_by(&Sample::wall_ms), median_by(&Sample::cpu_ms), median_by(&Sample::peak_mib),
          median_by(&Sample::proofs_ms)};
}

/// From the lines of `--timings`.
double proofs_ms_of(std::string_view text) {
  constexpr std::string_view mark = "timing: proofs";
  size_t at = text.find(mark);
  return at == std::string_view::npos ? 0 : std::strtod(text.data() + at + mark.size(), nullptr);
}

/// What a program says on its standard error, in a file without a name.
class Said {
 public:
  Said() : file_(std::tmpfile()) {}
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  ~Said() {
    if (file_) std::fclose(file_);
  }
  bool is_open() const { return file_ != nullptr; }
  int descriptor() const { return fileno(file_); }
  std::string beginning() {
    std::string text(4096, 0);
    std::rewind(file_);
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return text;
  }

 private:
  FILE* file_;
};

}  // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Result<Sample> run_once(const Command& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  Said said;
  if (!said.is_open()) return OpError{fmt::format("cannot make a temporary file: {}", std::strerror(errno))};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, said.descriptor(), 2);
  auto begin = std::chrono::steady_clock::now();
  pid_t pid = 0;
  int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error) return OpError{fmt::format("cannot start `{}`: {}", command[0], std::strerror(error))};
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
  if (status != 0)
    return OpError{
        fmt::format("`{}` ended with status {}; run it by hand to see why", fmt::join(command, " "), status)};
  double proofs_ms = proofs_ms_of(said.beginning());
  return Sample{wall.count() - proofs_ms, ms_of(usage.ru_utime) + ms_of(usage.ru_stime),
                double(usage.ru_maxrss) / 1024, proofs_ms};
}

Result<Comparison> compare(const Command& ours, const Command& peer, int rounds) {
  Comparison result;
  result.load = load_now();
  std::vector<Sample> our_samples, peer_samples;
  std::vector<double> ratios;
  for (int round = -1; round < rounds; ++round) {
    Result<Sample> our = run_once(ours);
    if (!our) return our.error();
    Result<Sample> their = run_once(peer);
    if (!their) return their.error();
    if (round < 0) continue;  // the first pair fills the page cache
    our_samples.push_back(*our);
    peer_samples.push_back(*their);
    ratios.push_back(our->wall_ms / their->wall_ms);
  }
  result.ours = median_of(our_samples);
  result.peer = median_of(peer_samples);
  result.ratio = median(ratios);
  auto by_wall = [](const Sample& a, const Sample& b) { return a.wall_ms < b.wall_ms; };
  result.least_ms = std::min_element(our_samples.begin(), our_samples.end(), by_wall)->wall_ms;
  return result;
}

double load_now() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

std::string machine() {
  std::string model = "unknown processor";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  utsname kernel{};
  uname(&kernel);
  return fmt::format("{}, {} cores, Linux {}", model, sysconf(_SC_NPROCESSORS_ONLN), kernel.release);
}

}  // namespace rollout::bench
