#include "runtime/effects/service_lock.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace rollout::effects {

namespace {

constexpr size_t max_holder = 512;

// Service names come from the user's files: everything but letters, digits, '-' and '_' is spelled out.
std::string file_name(std::string_view service) {
  std::string out;
  for (char c : service) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_';
    if (plain) out += c;
    else if (c == '[') out += '@';
    else if (c != ']') out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out + ".lock";
}

std::string read_holder(int fd) {
  std::array<char, max_holder> text{};
  ssize_t size = pread(fd, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), size_t(size)) : "an unknown process";
}

OpError failed(std::string_view what, const std::string& path) {
  return {
      fmt::format("{} {} failed: {}; check the state directory", what, path, std::strerror(errno))};
}

}  // namespace

Result<ServiceLock> ServiceLock::take(const std::string& directory, std::string_view service,
                                      std::string_view holder) {
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
    return OpError{fmt::format("{} is being changed by {}; wait for it, or abort that run", service,
                               read_holder(fd)),
                   false, true};
  }
  std::string_view text = holder.substr(0, max_holder);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text.data(), text.size(), 0) != ssize_t(text.size()))
    return failed("writing the lock", path);
  return lock;
}

// The kernel's list of locks says it without touching the lock: a look must never stand in the way of a run that
// starts at the same moment.
std::optional<std::string> ServiceLock::holder_of(const std::string& directory, std::string_view service) {
  std::string path = directory + "/" + file_name(service);
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  struct stat status {};
  bool known = fstat(fd, &status) == 0;
  std::string holder = read_holder(fd);
  close(fd);
  std::FILE* locks = known ? std::fopen("/proc/locks", "re") : nullptr;
  if (locks == nullptr) return std::nullopt;
  std::string inode = fmt::format(":{} ", status.st_ino);
  std::array<char, 256> line{};
  bool held = false;
  while (!held && std::fgets(line.data(), int(line.size()), locks) != nullptr) {
    std::string_view text(line.data());
    held = text.find("FLOCK") != std::string_view::npos && text.find(inode) != std::string_view::npos;
  }
  std::fclose(locks);
  return held ? std::optional(holder) : std::nullopt;
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
