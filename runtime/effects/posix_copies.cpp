#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/effects/copies.h"

namespace rollout::effects {

namespace {

struct Copy {
  pid_t pid = -1;
  int from = -1;  ///< what it writes is read here; -1: it has written all
  std::string text;
};

OpError failed(const char* what) { return {fmt::format("{}: {}", what, std::strerror(errno)), true}; }

/// In the copy; does not return. Nothing of the parent is flushed or ended by it.
void work_in_copy(int to, pid_t parent, const std::function<std::string(size_t)>& work, size_t copy) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  std::string text = work(copy);
  for (size_t at = 0; at < text.size();) {
    ssize_t wrote = write(to, text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EINTR) _exit(1);
    if (wrote > 0) at += size_t(wrote);
  }
  _exit(0);
}

Status start(Copy& copy, const std::function<std::string(size_t)>& work, size_t index) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failed("a pipe cannot be made");
  const pid_t parent = getpid();
  copy.pid = fork();
  if (copy.pid == 0) {
    close(ends[0]);
    work_in_copy(ends[1], parent, work, index);
  }
  close(ends[1]);
  if (copy.pid < 0) {
    close(ends[0]);
    return failed("a copy of this process cannot be made");
  }
  copy.from = ends[0];
  return Done{};
}

/// Until all have written what they have to say, so that none waits for us.
Status read_all(std::vector<Copy>& copies) {
  constexpr size_t block = 65536;
  std::string buffer(block, '\0');
  while (true) {
    std::vector<pollfd> open;
    for (const Copy& copy : copies)
      if (copy.from >= 0) open.push_back({copy.from, POLLIN, 0});
    if (open.empty()) return Done{};
    if (poll(open.data(), open.size(), -1) < 0 && errno != EINTR) return failed("copies cannot be waited for");
    for (const pollfd& one : open) {
      if (one.revents == 0) continue;
      for (Copy& copy : copies) {
        if (copy.from != one.fd) continue;
        ssize_t got = read(copy.from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got > 0) copy.text.append(buffer, 0, size_t(got));
        else close(std::exchange(copy.from, -1));
      }
    }
  }
}

/// Whether it came to its end by itself.
bool ended_well(Copy& copy) {
  if (copy.from >= 0) close(copy.from);
  int status = 0;
  while (waitpid(copy.pid, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

size_t processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return size_t(std::max(1, CPU_COUNT(&set)));
}

Result<std::vector<std::string>> in_copies(size_t count, const std::function<std::string(size_t copy)>& work) {
  if (count <= 1) return std::vector<std::string>{work(0)};
  std::vector<Copy> copies;
  Status status = Done{};
  for (size_t i = 0; i < count && status; ++i) {
    Copy copy;
    status = start(copy, work, i);
    if (status) copies.push_back(std::move(copy));
  }
  if (status) status = read_all(copies);
  std::vector<std::string> out;
  for (Copy& copy : copies) {
    if (!status) kill(copy.pid, SIGKILL);
    bool well = ended_well(copy);
    if (status && !well) status = OpError{"a copy of this process ended before its work was done"};
    out.push_back(std::move(copy.text));
  }
  if (!status) return status.error();
  return out;
}

}  // namespace rollout::effects
