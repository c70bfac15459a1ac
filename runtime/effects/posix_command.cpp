#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/effects/command.h"

extern char** environ;

namespace rollout::effects {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// One stream of the child.
struct Pipe {
  Pipe() { open = pipe2(ends, O_CLOEXEC) == 0; }
  ~Pipe() {
    close_write();
    if (open) close(ends[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_write() {
    if (open && ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
  int ends[2] = {-1, -1};
  bool open = false;
};

std::string error_text(int error) { return std::strerror(error); }

Result<pid_t> spawn(const CommandLine& line, const Pipe& out, const Pipe& err) {
  std::vector<std::string> words = {line.program};
  words.insert(words.end(), line.arguments.begin(), line.arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, line.program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return OpError{fmt::format("{} cannot be started: {}", line.program, error_text(error))};
  return child;
}

/// Reads what is there; false at the end of the stream.
bool take(int from, std::string& into, size_t most) {
  std::array<char, 4096> bytes;
  const ssize_t count = read(from, bytes.data(), bytes.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  into.append(bytes.data(), std::min(size_t(count), most - std::min(most, into.size())));
  return count > 0;
}

/// Until both streams have ended; false when the time is over before that.
bool take_all(const CommandLine& line, const Pipe& out, const Pipe& err, int64_t until_ns, CommandEnd& end) {
  pollfd open[2] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    const int64_t left_ns = until_ns - now_ns();
    if (left_ns <= 0) return false;
    if (poll(open, 2, int(left_ns / ns_per_ms) + 1) < 0 && errno != EINTR) return false;
    std::string* into[2] = {&end.output, &end.errors};
    for (int i : {0, 1})
      if (open[i].fd >= 0 && open[i].revents != 0 && !take(open[i].fd, *into[i], line.max_output_bytes))
        open[i].fd = -1;
  }
  return true;
}

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/// It has closed its streams, so it ends soon; false when the time is over before that.
bool reap(pid_t child, int64_t until_ns, int& status) {
  while (true) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (now_ns() >= until_ns) return false;
    const timespec pause{0, ns_per_ms};
    nanosleep(&pause, nullptr);
  }
}

class PosixCommands : public Commands {
 public:
  Result<CommandEnd> run(const CommandLine& line) override {
    Pipe out, err;
    if (!out.open || !err.open)
      return OpError{fmt::format("{} cannot be started: {}", line.program, error_text(errno))};
    const Result<pid_t> child = spawn(line, out, err);
    if (!child) return child.error();
    out.close_write();
    err.close_write();
    const int64_t until_ns = now_ns() + line.within_ns;
    CommandEnd end;
    int status = 0;
    if (take_all(line, out, err, until_ns, end) && reap(*child, until_ns, status)) {
      end.code = code_of(status);
      return end;
    }
    kill(-*child, SIGKILL);
    while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    return OpError{fmt::format("{} had not ended within {}ms and was killed", line.program, line.within_ns / ns_per_ms),
                   true};
  }
};

}  // namespace

std::unique_ptr<Commands> posix_commands() { return std::make_unique<PosixCommands>(); }

}  // namespace rollout::effects
