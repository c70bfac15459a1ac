#include "tests/golden/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgets it in this header
#include <sys/pidfd.h>
}

#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "compiler/base/check.h"

namespace rollout::golden {

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Nothing of the developer's machine may show in an expected output.
std::vector<std::string> environment_in(const std::filesystem::path& folder) {
  return {"PATH=/usr/bin:/bin",
          "HOME=" + folder.string(),
          "TMPDIR=" + folder.string(),
          "TZ=UTC",
          "LC_ALL=C.UTF-8",
          "NO_COLOR=1",
          "COLUMNS=100",
          "TERM=dumb"};
}

bool ends_within(pid_t pid, std::chrono::milliseconds limit) {
  int handle = pidfd_open(pid, 0);
  ROLLOUT_CHECK(handle >= 0, "Linux 5.3 or newer hands out process handles");
  pollfd waiting{handle, POLLIN, 0};
  int ready = poll(&waiting, 1, int(limit.count()));
  close(handle);
  return ready != 0;
}

std::string status_text(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("{}", WEXITSTATUS(status));
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Ended run_child(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                std::chrono::milliseconds limit) {
  // Files, not pipes: a child can never block on a reader.
  std::filesystem::path out = folder.string() + ".stdout", err = folder.string() + ".stderr";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

  std::vector<std::string> environment = environment_in(folder);
  pid_t pid = 0;
  int error = posix_spawn(&pid, arguments[0].c_str(), &actions, &attributes, pointers_to(arguments).data(),
                          pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error) return {fmt::format("not started: {}", std::strerror(error)), true, {}, {}};

  Ended ended;
  ended.in_time = ends_within(pid, limit);
  // The group, so that nothing the child started stays behind.
  kill(-pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  ended.status = status_text(status);
  ended.out = read_file(out);
  ended.err = read_file(err);
  return ended;
}

}  // namespace rollout::golden
