#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/effects/children.h"

namespace rollout::effects {
namespace {

constexpr const char* this_program = "/proc/self/exe";
constexpr int not_started = 127;

/// Of glibc, which reads it as a process begins and has no function for it. One heap is enough where one thread runs
/// at a time. Somebody's own setting stays.
constexpr const char *heap_variable = "GLIBC_TUNABLES",
                     *tight_heap = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1";

/// In the new process; does not return.
void become(char** argv, char** environment, pid_t parent) {
  setpgid(0, 0);  // Ctrl-C is for the parent, which passes it on once
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(not_started);  // it is gone already
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (nothing > STDERR_FILENO) close(nothing);
  execve(this_program, argv, environment);
  _exit(not_started);
}

class PosixChildren : public Children {
 public:
  Result<int> start(const std::vector<std::string>& words, Heap heap) override {
    std::vector<std::string> all = {"rollout"};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::string tight = std::string(heap_variable) + "=" + tight_heap;
    std::vector<char*> environment;
    for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
    if (heap == Heap::Tight && !getenv(heap_variable)) environment.push_back(tight.data());
    environment.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) become(argv.data(), environment.data(), parent);
    if (child < 0)
      return OpError{
          fmt::format("a process for `rollout {}` cannot be started: {}", words.front(), std::strerror(errno)), true};
    children_.push_back(child);
    return int(child);
  }

  /// Each by its number: the process may have others that somebody else waits for.
  std::vector<ChildEnd> ended() override {
    std::vector<ChildEnd> out;
    std::erase_if(children_, [&](pid_t pid) {
      int status = 0;
      if (waitpid(pid, &status, WNOHANG) != pid) return false;
      out.push_back({int(pid), WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)});
      return true;
    });
    return out;
  }

  void ask_to_stop(int pid) override { kill(pid, SIGTERM); }
  void end(int pid) override { kill(pid, SIGKILL); }

 private:
  std::vector<pid_t> children_;  ///< that have not ended, as far as is known
};

}  // namespace

int64_t allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return int64_t(setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before);
}

void keep_heap_setting() {
  const char* setting = getenv(heap_variable);
  if (setting && std::string_view(setting) == tight_heap) unsetenv(heap_variable);
}

std::unique_ptr<Children> posix_children() { return std::make_unique<PosixChildren>(); }

}  // namespace rollout::effects
