#include <algorithm>
#include <iterator>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "runtime/effects/process.h"

extern char** environ;

namespace rollout::effects {
namespace {

constexpr size_t max_environment = size_t{1} << 20;
constexpr long exec_pause_ns = 1'000'000;
constexpr int max_exec_pauses = 50;

/// What /proc/PID/stat says of a process.
struct ProcStat {
  char state = '?';
  int session = 0;
  int threads = 0;
  uint64_t start_ticks = 0;
};

std::optional<std::string> read_proc(int pid, const char* file) {
  const int fd = open(fmt::format("/proc/{}/{}", pid, file).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(fd, buffer, sizeof buffer)) > 0 && text.size() < max_environment)
    text.append(buffer, size_t(got));
  close(fd);
  if (got < 0) return std::nullopt;
  return text;
}

std::optional<ProcStat> stat_of(int pid) {
  const std::optional<std::string> text = read_proc(pid, "stat");
  if (!text) return std::nullopt;
  // The name in field 2 may hold anything, also blanks and brackets; what follows its last bracket
  // does not.
  size_t at = text->rfind(')');
  if (at == std::string::npos) return std::nullopt;
  ProcStat stat;
  int field = 2;
  for (++at; at < text->size();) {
    const size_t begin = text->find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    const size_t end = std::min(text->find(' ', begin), text->size());
    ++field;
    const char* first = text->data() + begin;
    const char* last = text->data() + end;
    if (field == 3) stat.state = *first;
    if (field == 6) std::from_chars(first, last, stat.session);
    if (field == 20) std::from_chars(first, last, stat.threads);
    if (field == 22) {
      if (std::from_chars(first, last, stat.start_ticks).ec != std::errc()) return std::nullopt;
      return stat;
    }
    at = end;
  }
  return std::nullopt;
}

/// The state is that of the first thread. While others are left, the process still holds its ports and files, and
/// nobody can be told how it ended.
bool is_running(const ProcStat& stat) {
  return (stat.state != 'Z' && stat.state != 'X') || stat.threads > 1;
}

std::string end_text(int status) {
  if (WIFEXITED(status)) return fmt::format("exited with code {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  }
  return "ended";
}

/// posix_spawn's two settings objects, released on every way out.
struct SpawnSettings {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnSettings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// What an instance may inherit. The rest of the environment of whoever released it, credentials among it, is not its
// business, and would make versions differ by who started them.
bool inherited(std::string_view name) {
  constexpr std::string_view names[] = {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"};
  return name.starts_with("LC_") || std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = !inherited(name);
    for (const auto& [key, value] : added) replaced |= key == name;
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

class PosixProcesses : public Processes {
 public:
  Result<ProcessId> start(const Launch& launch) override {
    // Those that others have stopped since would stay as zombies of a process that lives long.
    std::erase_if(started_, [&](ProcessId one) { return reap(one.pid, one.start_ticks); });
    SpawnSettings spawn;
    posix_spawn_file_actions_addopen(&spawn.files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&spawn.files, 1, launch.log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0640);
    posix_spawn_file_actions_adddup2(&spawn.files, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&spawn.files, 3);
    if (!launch.directory.empty())
      posix_spawn_file_actions_addchdir_np(&spawn.files, launch.directory.c_str());
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&spawn.attributes, &none);
    posix_spawnattr_setsigdefault(&spawn.attributes, &all);
    posix_spawnattr_setflags(&spawn.attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::vector<std::string> arguments{launch.program};
    arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
    std::vector<std::string> environment = environment_with(launch.environment);
    int pid = 0;
    const int code = posix_spawnp(&pid, launch.program.c_str(), &spawn.files, &spawn.attributes,
                                  pointers(arguments).data(), pointers(environment).data());
    if (code != 0) return start_error(launch, code);
    // The child is ours and not yet waited for, so its pid cannot have been recycled.
    const std::optional<ProcStat> stat = stat_of(pid);
    if (!stat)
      return OpError{
          fmt::format("{} started as pid {}, but /proc does not show it", launch.program, pid)};
    started_.push_back({pid, stat->start_ticks});
    return started_.back();
  }

  Life look(ProcessId process) override {
    if (process.pid <= 0) return {};
    if (const std::optional<ProcStat> stat = stat_of(process.pid); stat && stat->start_ticks == process.start_ticks) {
      if (is_running(*stat)) return {true, {}};
      reap(process.pid, stat->start_ticks);
    }
    const auto ended = ends_.find({process.pid, process.start_ticks});
    return {false, ended == ends_.end() ? std::string() : ended->second};
  }

  Status stop(ProcessId process, Stop how) override {
    const int number = how == Stop::Ask ? SIGTERM : SIGKILL;
    if (!look(process).alive) return Done{};
    // The descriptor holds on to the process, so the start time is compared with the one that gets
    // the signal.
    const int handle = int(syscall(SYS_pidfd_open, process.pid, 0));
    if (handle < 0) {
      if (errno == ESRCH) return Done{};
      return OpError{
          fmt::format("cannot open process {} to stop it: {}", process.pid, strerror(errno))};
    }
    const std::optional<ProcStat> stat = stat_of(process.pid);
    const bool same = stat && stat->start_ticks == process.start_ticks;
    const bool failed =
        same && syscall(SYS_pidfd_send_signal, handle, number, nullptr, 0) != 0 && errno != ESRCH;
    const int error = errno;
    close(handle);
    if (failed)
      return OpError{fmt::format("cannot signal process {}: {}", process.pid, strerror(error))};
    return Done{};
  }

  std::vector<ProcessId> find(std::string_view variable, std::string_view value) override {
    const std::string entry = fmt::format("{}={}", variable, value);
    std::vector<ProcessId> found;
    int patience = max_exec_pauses;
    DIR* proc = opendir("/proc");
    if (!proc) return found;
    while (const dirent* item = readdir(proc)) {
      int pid = 0;
      const std::string_view name = item->d_name;
      if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr !=
          name.data() + name.size())
        continue;
      if (pid <= 0 || !has_entry(pid, entry, patience)) continue;
      const std::optional<ProcStat> stat = stat_of(pid);
      if (!stat || stat->session != pid) continue;
      if (is_running(*stat)) found.push_back({pid, stat->start_ticks});
      else reap(pid, stat->start_ticks);
    }
    closedir(proc);
    return found;
  }

 private:
  static OpError start_error(const Launch& launch, int code) {
    if (launch.program.find('/') == std::string::npos && code == ENOENT) {
      return OpError{fmt::format(
          "cannot start {0}: no such program in PATH; a file of the project is written ./{0}",
          launch.program)};
    }
    if (access(launch.program.c_str(), F_OK) != 0) {
      return OpError{fmt::format(
          "cannot start {}: there is no such file; build it or mend `command`", launch.program)};
    }
    if (access(launch.program.c_str(), X_OK) != 0) {
      return OpError{fmt::format("cannot start {}: it is not an executable file", launch.program)};
    }
    return OpError{
        fmt::format("cannot start {} (log {}): {}", launch.program, launch.log, strerror(code)),
        code == EAGAIN || code == ENOMEM};
  }

  /// `patience`: how many more times to wait for a process that is just being made: its environment shows only
  /// at the end of exec, after posix_spawn has returned.
  static bool has_entry(int pid, const std::string& entry, int& patience) {
    std::optional<std::string> environment = read_proc(pid, "environ");
    while (environment && environment->empty() && patience > 0 && is_session_leader(pid)) {
      --patience;
      const timespec pause{0, exec_pause_ns};
      nanosleep(&pause, nullptr);
      environment = read_proc(pid, "environ");
    }
    if (!environment) return false;
    for (size_t at = 0; at < environment->size();) {
      const size_t end = std::min(environment->find('\0', at), environment->size());
      if (std::string_view(*environment).substr(at, end - at) == entry) return true;
      at = end + 1;
    }
    return false;
  }

  static bool is_session_leader(int pid) {
    const std::optional<ProcStat> stat = stat_of(pid);
    return stat && is_running(*stat) && stat->session == pid;
  }

  /// Takes the exit status of a process that has ended, if it is a child of ours, so that no zombie remains. Whether
  /// there is no more of it to be had.
  bool reap(int pid, uint64_t start_ticks) {
    int status = 0;
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) ends_[{pid, start_ticks}] = end_text(status);
    return ended != 0;
  }

  std::vector<ProcessId> started_;  ///< that had not ended when this was looked at last

  std::map<std::pair<int, uint64_t>, std::string> ends_;
};

}  // namespace

std::unique_ptr<Processes> posix_processes() {
  return std::make_unique<PosixProcesses>();
}

}  // namespace rollout::effects
