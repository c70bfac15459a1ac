#include "runtime/effects/service_lock.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "runtime/effects/left_locks.h"

namespace rollout::effects {

namespace {

constexpr size_t max_holder = 512, max_name = 200;
// A lock is taken first and its text written then: whoever looks in between looks again.
constexpr int most_looks = 40;
constexpr long look_pause_ns = 5'000'000;

// Names come from the user's files: everything but letters, digits, '-' and '_' is spelled out. Of one that is too long
// for a file system the rest counts as a number (FNV-1a).
std::string file_name(std::string_view service) {
  std::string out;
  for (char c : service) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_';
    if (plain) out += c;
    else if (c == '[') out += '@';
    else if (c != ']') out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  if (out.size() > max_name) {
    uint64_t rest = 0xcbf29ce484222325;
    for (char c : out) rest = (rest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    out = fmt::format("{}~{:016x}", out.substr(0, max_name), rest);
  }
  return out + ".lock";
}

std::string read_text(int fd) {
  std::array<char, max_holder> text{};
  ssize_t size = 0;
  for (int look = 0; look < most_looks && size <= 0; ++look) {
    const timespec pause{0, look_pause_ns};
    if (look > 0) nanosleep(&pause, nullptr);
    size = pread(fd, text.data(), text.size(), 0);
  }
  return {text.data(), size_t(std::max<ssize_t>(size, 0))};
}

/// The process that holds a lock on the file, from the kernel's list; 0 when none does. It says so without touching
/// the lock: a look must never stand in the way of a run that starts at the same moment.
int locker_of(int fd) {
  struct stat status {};
  std::FILE* locks = fstat(fd, &status) == 0 ? std::fopen("/proc/locks", "re") : nullptr;
  if (locks == nullptr) return 0;
  std::string inode = fmt::format(":{} ", status.st_ino);
  std::array<char, 256> line{};
  int pid = 0;
  while (pid == 0 && std::fgets(line.data(), int(line.size()), locks) != nullptr) {
    std::string_view text(line.data());
    if (text.find("->") != std::string_view::npos || text.find(inode) == std::string_view::npos) continue;
    // `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`; -1 for a process that is not visible from here.
    if (std::sscanf(line.data(), "%*s FLOCK %*s %*s %d", &pid) != 1) pid = 0;
  }
  std::fclose(locks);
  return pid;
}

bool is_stopped(int pid) {
  std::FILE* file = pid > 0 ? std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "re") : nullptr;
  if (file == nullptr) return false;
  std::array<char, 256> line{};
  std::string_view text = std::fgets(line.data(), int(line.size()), file) != nullptr ? line.data() : "";
  std::fclose(file);
  size_t name_end = text.rfind(')');
  std::string_view state = name_end == std::string_view::npos ? "" : text.substr(name_end + 1, 3);
  return state == " T " || state == " t ";
}

Holder holder_in(int fd, int pid) {
  std::string text = read_text(fd);
  size_t line = text.find('\n');
  Holder holder{text.substr(0, line), "", std::max(pid, 0), is_stopped(pid)};
  if (line != std::string::npos) holder.run = text.substr(line + 1, text.find(left_mark, line + 1) - line - 1);
  if (holder.who.empty()) holder.who = pid > 0 ? fmt::format("process {}", pid) : "another process";
  return holder;
}

OpError held(std::string_view service, const Holder& holder) {
  std::string text = fmt::format("{} is being changed by {}", service, holder.who);
  if (holder.run.empty()) return {text + ", which has begun no run yet; wait for it", false, true};
  return {fmt::format("{}, in run {}; wait for it, or take that run back: rollout abort {}", text, holder.run,
                      holder.run),
          false, true};
}

OpError failed(std::string_view what, const std::string& path) {
  return {
      fmt::format("{} {} failed: {}; check the state directory", what, path, std::strerror(errno))};
}

}  // namespace

Result<ServiceLock> ServiceLock::take(const std::string& directory, std::string_view service,
                                      std::string_view holder, std::string_view run) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return OpError{fmt::format("making the directory {} failed: {}", directory, error.message())};
  std::string path = directory + "/" + file_name(service);
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return failed("opening the lock", path);
  ServiceLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("locking", path);
    return held(service, holder_in(fd, locker_of(fd)));
  }
  if (Status named = lock.name(holder, run); !named) return named.error();
  return lock;
}

Status ServiceLock::name(std::string_view holder, std::string_view run) {
  std::string text = run.empty() ? std::string(holder) : fmt::format("{}\n{}", holder, run);
  text.resize(std::min(text.size(), max_holder));
  if (ftruncate(fd_, 0) != 0 || pwrite(fd_, text.data(), text.size(), 0) != ssize_t(text.size()))
    return OpError{fmt::format("writing a lock failed: {}; check the state directory", std::strerror(errno))};
  return Done{};
}

std::optional<Holder> ServiceLock::holder_of(const std::string& directory, std::string_view service) {
  std::string path = directory + "/" + file_name(service);
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  int pid = locker_of(fd);
  std::optional<Holder> holder;
  if (pid != 0) holder = holder_in(fd, pid);
  close(fd);
  return holder;
}

ServiceLock::~ServiceLock() {
  if (fd_ >= 0) close(fd_);
}

std::string holder_text() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const passwd* user = getpwuid(geteuid());
  std::string name =
      user != nullptr ? std::string(user->pw_name) : fmt::format("uid {}", geteuid());
  return fmt::format("{}@{}, process {}", name, host.data(), getpid());
}

}  // namespace rollout::effects
